namespace Homegrown.Kernels.Quant;

/// <summary>
/// Scale, minimum and codes for blocks of 32 values with a scale of their own. Without importance the block's range is laid over
/// the codes; with importance a search minimises the weighted error (<see cref="LeastSquares"/>), where a value's weight is its
/// column's importance times sqrt(mean square of the row + value^2).
/// </summary>
readonly ref struct SmallBlockFit
{
    const int Size = 32;

    readonly ReadOnlySpan<float> values, importance;
    readonly float energy;   // mean square of the row

    internal SmallBlockFit(ReadOnlySpan<float> values, ReadOnlySpan<float> importance)
    {
        this.values = values;
        this.importance = importance;
        if (!importance.IsEmpty) energy = LeastSquares.SumOfSquares(values) / values.Length;
    }

    /// <summary>value = scale * (code - half), codes 0 to 2 half - 1. The scale of block <paramref name="b"/>.</summary>
    internal float Centred(int b, int half, Span<byte> codes)
    {
        var x = values.Slice(b * Size, Size);
        if (!importance.IsEmpty) return LeastSquares.Centred(x, Weights(b, stackalloc float[Size]), half, codes);

        // The peak gets the outermost code, which is a negative one: its sign goes into the scale.
        var scale = LeastSquares.Peak(x) / -half;
        var inverse = scale != 0 ? 1 / scale : 0;
        for (var i = 0; i < Size; i++) codes[i] = Truncate((x[i] * inverse) + (half + 0.5f), (2 * half) - 1);
        return scale;
    }

    /// <summary>value = scale * code + min, codes 0 to <paramref name="top"/>.</summary>
    internal (float Scale, float Min) WithMin(int b, int top, Span<byte> codes)
    {
        var x = values.Slice(b * Size, Size);
        if (!importance.IsEmpty) return LineFit.Fit(x, Weights(b, stackalloc float[Size]), top, Sweep.Fine, codes);

        var (min, max) = (float.MaxValue, float.MinValue);
        foreach (var value in x)
        {
            if (value < min) min = value;
            if (value > max) max = value;
        }

        var scale = (max - min) / top;
        var inverse = scale != 0 ? 1 / scale : 0;
        for (var i = 0; i < Size; i++) codes[i] = Truncate(((x[i] - min) * inverse) + 0.5f, top);
        return (scale, min);
    }

    Span<float> Weights(int b, Span<float> weights)
    {
        var first = b * Size;
        for (var i = 0; i < Size; i++) weights[i] = LeastSquares.Weight(importance[first + i], energy, values[first + i]);
        return weights;
    }

    // No integer (NaN, or a scale too small to divide by) leaves code 0; the scale is then 0 or not finite as a half.
    static byte Truncate(float value, int top) => value < int.MaxValue ? (byte)Math.Clamp((int)value, 0, top) : (byte)0;
}
