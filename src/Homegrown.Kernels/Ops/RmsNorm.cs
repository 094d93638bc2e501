namespace Homegrown.Kernels.Ops;

/// <summary>Root-mean-square norm (Zhang and Sennrich 2019, arXiv 1910.07467, eq. 4).</summary>
public static class RmsNorm
{
    /// <summary>y = x / sqrt(mean(x²) + epsilon) * weight, row by row, in groups of weight.Length columns (a head, or the whole row).</summary>
    /// <param name="weight">[columns], or [headDim] to norm each head of a row by itself.</param>
    public static Tensor Forward(Tensor x, ReadOnlySpan<float> weight, float epsilon)
    {
        var y = x.Compute.Rent(x.Rows, x.Columns);
        for (var row = 0; row < x.Rows; row++)
        {
            for (var start = 0; start < x.Columns; start += weight.Length)
            {
                var from = x.Row(row).Slice(start, weight.Length);
                var to = y.Row(row).Slice(start, weight.Length);
                var sum = 0.0;
                foreach (var value in from) sum += (double)value * value;
                var scale = (float)(1 / Math.Sqrt((sum / from.Length) + epsilon));
                for (var i = 0; i < to.Length; i++) to[i] = from[i] * scale * weight[i];
            }
        }

        return y;
    }
}
