using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Formats.Safetensors.Quantized;

/// <summary>How several tensors together hold a weight, [rows, columns] or [experts, rows, columns].</summary>
abstract class Layout
{
    /// <summary>Outermost first.</summary>
    internal abstract IReadOnlyList<long> Shape { get; }

    /// <summary>The smallest type that holds the weights exactly. Depends on scales and zeros, not on codes.</summary>
    internal abstract TensorType Type { get; }

    /// <summary>Writes a row, of all matrices one after the other, in that type. For many threads.</summary>
    internal abstract void Write(int row, Span<byte> target);
}

/// <summary>
/// A weight in a quantized layout, converted when it is first opened: to the type that holds it to the bit or, where it may be rounded,
/// never to floats of several times the file's size. Q8_0 then adds some 4% to the squared error that eight-bit floats already have.
/// </summary>
/// <param name="exact">To the bit, at whatever size.</param>
sealed class QuantizedTensor(Layout layout, bool exact) : ModelTensor, IDisposable
{
    readonly Lock gate = new();
    WeightBuffer? buffer;

    public override TensorType Type { get; } = exact || QuantFormats.IsCoded(layout.Type) ? layout.Type : layout.Shape[^1] % QuantFormats.BlockSize(TensorType.Q8_0) == 0 ? TensorType.Q8_0 : TensorType.BF16;

    public override Weight Open()
    {
        lock (gate) return (buffer ??= Convert()).Weight;
    }

    public override void Release()
    {
        lock (gate)
        {
            buffer?.Dispose();
            buffer = null;
        }
    }

    public void Dispose() => Release();

    WeightBuffer Convert()
    {
        if (Rows > int.MaxValue || Columns > int.MaxValue) throw Error($"[{Rows}, {Columns}] is more than 2^31 - 1 rows or columns");
        var converted = new WeightBuffer(Type, (int)Rows, (int)Columns);
        try
        {
            Parallel.For(0, (int)Rows, row => Write(row, converted.Row(row)));
            return converted;
        }
        catch
        {
            converted.Dispose();
            throw;
        }
    }

    void Write(int row, Span<byte> target)
    {
        if (Type == layout.Type)
        {
            layout.Write(row, target);
            return;
        }

        var (stored, values) = (new byte[QuantFormats.RowBytes(layout.Type, Columns)], new float[Columns]);
        layout.Write(row, stored);
        QuantFormats.Dequantize(layout.Type, stored, values);
        QuantFormats.Quantize(Type, values, default, target);
    }
}
