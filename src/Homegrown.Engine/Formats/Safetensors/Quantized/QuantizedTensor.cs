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

/// <summary>A weight in a quantized layout, converted when it is first opened.</summary>
sealed class QuantizedTensor(Layout layout) : ModelTensor, IDisposable
{
    readonly Lock gate = new();
    WeightBuffer? buffer;

    public override TensorType Type => layout.Type;

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
            Parallel.For(0, (int)Rows, row => layout.Write(row, converted.Row(row)));
            return converted;
        }
        catch
        {
            converted.Dispose();
            throw;
        }
    }
}
