using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Models;

/// <summary>Rounds the matrices of products to a smaller type while they are loaded, as a quantized file would have them.</summary>
/// <param name="type">One that can be written without importances.</param>
public sealed class WeightRounding(TensorType type)
{
    /// <summary>A type that weights can be rounded to: without importances, and known to products.</summary>
    public static bool CanRoundTo(TensorType type) => QuantFormats.IsSupported(type) && type != TensorType.F32 && !QuantFormats.NeedsImportance(type);

    /// <summary>The matrix in that type; null where it is no larger as it is, or its rows are no whole blocks.</summary>
    public WeightBuffer? Of(Weight w)
    {
        if (w.Columns % QuantFormats.BlockSize(type) != 0 || QuantFormats.RowBytes(type, w.Columns) >= QuantFormats.RowBytes(w.Type, w.Columns)) return null;
        var rounded = new WeightBuffer(type, w.Rows, w.Columns);
        Parallel.For(0, w.Rows, () => new float[w.Columns], (row, _, values) =>
        {
            w.Dequantize(row, values);
            QuantFormats.Quantize(type, values, default, rounded.Row(row));
            return values;
        }, _ => { });
        return rounded;
    }
}
