namespace Homegrown.Kernels.Ops;

/// <summary>Sums in place: the residual stream and biases.</summary>
public static class Add
{
    /// <summary>y += x, both [rows, columns].</summary>
    public static void Forward(Tensor y, Tensor x)
    {
        for (var row = 0; row < y.Rows; row++)
        {
            var a = y.Row(row);
            var b = x.Row(row);
            for (var i = 0; i < a.Length; i++) a[i] += b[i];
        }
    }

    /// <summary>Every row of y += bias, [columns], stored in any float format.</summary>
    public static void Bias(Tensor y, Weight bias)
    {
        var values = new float[bias.Columns];
        bias.Dequantize(0, values);
        for (var row = 0; row < y.Rows; row++)
        {
            var a = y.Row(row);
            for (var i = 0; i < a.Length; i++) a[i] += values[i];
        }
    }
}
