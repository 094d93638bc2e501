using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Homegrown.Engine.Formats;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Folders;

/// <summary>What a family's map does to a tensor that lies otherwise than GGUF has it.</summary>
public static class ShapedTensors
{
    /// <summary>Rows <paramref name="first"/> to first + count - 1 of a matrix, or such elements of a vector: a part of a fused tensor.</summary>
    public static ModelTensor Part(this ModelTensor tensor, long first, long count)
    {
        var all = tensor.Shape[0];
        if (first < 0 || count < 0 || first + count > all) throw tensor.Error($"has {all} rows; {first} to {first + count - 1} are needed");
        return tensor.Shape.Count == 1 ? tensor.Rows(count, row => first + row) : new RowRange(tensor, first, [count, .. tensor.Shape.Skip(1)]);
    }

    /// <summary>Rows of a matrix, or elements of a vector, in another order: row i is row <paramref name="from"/>(i).</summary>
    public static ModelTensor Rows(this ModelTensor tensor, long count, Func<long, long> from)
        => tensor.Shape.Count == 1 ? new Elements(tensor, count, from) : new RowOrder(tensor, [count, .. tensor.Shape.Skip(1)], from);

    /// <summary>
    /// Heads that turn by halves, reordered so that pairs are adjacent: row 2i of a head is its row i, row 2i + 1 its row
    /// i + headDim / 2. GGUF stores q and k of some families so.
    /// </summary>
    /// <param name="headDim">Rows of a head.</param>
    public static ModelTensor HalvesToPairs(this ModelTensor tensor, int headDim)
    {
        if (tensor.Shape[0] % headDim != 0) throw tensor.Error($"has {tensor.Shape[0]} rows, no multiple of the head's {headDim}");
        return tensor.Rows(tensor.Shape[0], row => (row / headDim * headDim) + (row % headDim / 2) + (row % 2 * (headDim / 2)));
    }

    /// <summary>Every value through a function: norms that add one, decays kept as logarithms.</summary>
    public static ModelTensor Map(this ModelTensor tensor, Func<float, float> map) => new Mapped(tensor, map);

    /// <summary>[.., in, out] as [.., out, in].</summary>
    public static ModelTensor Transposed(this ModelTensor tensor) => new Transposition(tensor);

    /// <summary>The same values in another shape.</summary>
    public static ModelTensor As(this ModelTensor tensor, params IReadOnlyList<long> shape) => new Reshaped(tensor, shape);

    /// <summary>Matrix <paramref name="index"/> of a stack, [experts, rows, columns].</summary>
    public static ModelTensor Slice(this ModelTensor tensor, int index)
        => tensor is StackedTensor stack ? stack.Parts[index] : new RowRange(tensor, index * tensor.Shape[^2], [.. tensor.Shape.TakeLast(2)]);

    /// <summary>A tensor made of another, and known by its name.</summary>
    abstract class Derived : ModelTensor
    {
        [SetsRequiredMembers]
        protected Derived(ModelTensor of, IReadOnlyList<long> shape) => (Of, Name, File, Offset, Shape) = (of, of.Name, of.File, of.Offset, shape);

        protected ModelTensor Of { get; }

        public override TensorType Type => Of.Type;
    }

    /// <summary>Rows that follow each other: a view.</summary>
    [method: SetsRequiredMembers]
    sealed class RowRange(ModelTensor of, long first, IReadOnlyList<long> shape) : Derived(of, shape)
    {
        public override Weight Open() => Of.Open().Slice(checked((int)first), checked((int)Rows));

        public override void Release() => Of.ReleaseRows(first, Rows);

        public override void ReleaseRows(long from, long count) => Of.ReleaseRows(first + from, count);
    }

    /// <summary>The same rows in sum.</summary>
    [method: SetsRequiredMembers]
    sealed class Reshaped(ModelTensor of, IReadOnlyList<long> shape) : Derived(of, shape)
    {
        public override Weight Open() => Of.Open().Reshape(checked((int)Rows), checked((int)Columns));

        public override void Release() => Of.Release();
    }

    /// <summary>Values of its own, made when it is opened and kept until it is released.</summary>
    [method: SetsRequiredMembers]
    abstract class Made(ModelTensor of, IReadOnlyList<long> shape) : Derived(of, shape), IDisposable
    {
        WeightBuffer? buffer;

        public override Weight Open()
        {
            if (buffer is not null) return buffer.Weight;
            buffer = new WeightBuffer(Type, checked((int)Rows), checked((int)Columns));
            Fill(Of.Open(), buffer);
            Of.ReleaseRows(0, Of.Rows);
            return buffer.Weight;
        }

        public override void Release() => Dispose();

        public void Dispose()
        {
            buffer?.Dispose();
            buffer = null;
        }

        protected abstract void Fill(Weight from, WeightBuffer to);
    }

    [method: SetsRequiredMembers]
    sealed class RowOrder(ModelTensor of, IReadOnlyList<long> shape, Func<long, long> order) : Made(of, shape)
    {
        protected override void Fill(Weight from, WeightBuffer to)
        {
            for (var row = 0; row < to.Rows; row++) from.Row(checked((int)order(row))).CopyTo(to.Row(row));
        }
    }

    [method: SetsRequiredMembers]
    sealed class Elements(ModelTensor of, long count, Func<long, long> order) : Made(of, [count])
    {
        public override TensorType Type => TensorType.F32;

        protected override void Fill(Weight from, WeightBuffer to)
        {
            var values = MemoryMarshal.Cast<byte, float>(to.Row(0));
            var all = new float[from.Columns];
            from.Dequantize(0, all);
            for (var i = 0; i < values.Length; i++) values[i] = all[order(i)];
        }
    }

    [method: SetsRequiredMembers]
    sealed class Mapped(ModelTensor of, Func<float, float> map) : Made(of, of.Shape)
    {
        public override TensorType Type => TensorType.F32;

        protected override void Fill(Weight from, WeightBuffer to)
        {
            for (var row = 0; row < to.Rows; row++)
            {
                var values = MemoryMarshal.Cast<byte, float>(to.Row(row));
                from.Dequantize(row, values);
                foreach (ref var value in values) value = map(value);
            }
        }
    }

    /// <summary>Blocks of quantized numbers lie along the inputs and cannot be turned: these become float32.</summary>
    [method: SetsRequiredMembers]
    sealed class Transposition(ModelTensor of) : Made(of, [.. of.Shape.SkipLast(2), of.Shape[^1], of.Shape[^2]])
    {
        public override TensorType Type => Of.Type is TensorType.F16 or TensorType.BF16 ? Of.Type : TensorType.F32;

        protected override void Fill(Weight from, WeightBuffer to)
        {
            var (size, inputs, outputs) = ((int)QuantFormats.RowBytes(Type, 1), checked((int)Shape[^1]), checked((int)Shape[^2]));
            var decoded = from.Type == Type ? [] : new float[from.Columns];
            for (var row = 0; row < from.Rows; row++)
            {
                var (first, input) = (row / inputs * outputs, row % inputs);
                if (decoded.Length > 0) from.Dequantize(row, decoded);
                var values = decoded.Length > 0 ? MemoryMarshal.AsBytes<float>(decoded) : from.Row(row);
                for (var output = 0; output < outputs; output++) values.Slice(output * size, size).CopyTo(to.Row(first + output)[(input * size)..]);
            }
        }
    }
}
