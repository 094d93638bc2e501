using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;
using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Quant;
using Homegrown.Kernels.Tests.Quant;

namespace Homegrown.Kernels.Tests.Ops;

/// <summary>Weights and activations for products; the same for the same seed.</summary>
static class Corpus
{
    public static readonly TensorType[] Coded = FormatCorpus.Coded;

    public static readonly TensorType[] Floats = [TensorType.F32, TensorType.F16, TensorType.BF16];

    /// <summary>Those that are packed into panels.</summary>
    public static readonly TensorType[] Packable = [.. Coded.Where(type => Product.Of(type).Packed is not null)];

    public static TheoryData<TensorType> PackableTypes => [.. Packable];

    public static TheoryData<TensorType> CodedTypes => [.. Coded];

    public static TheoryData<TensorType> Types => [.. FormatCorpus.All];

    /// <summary>The kernels that this machine has. Widths that the processor lacks fall to the next.</summary>
    public static readonly ComputeOptions[] Kernels =
    [
        new() { Tier = Tier.Portable, MaxVectorBits = 128 },
        new() { Tier = Tier.Portable, MaxVectorBits = 256 },
        new() { Tier = Tier.Portable, MaxVectorBits = 512 },
        .. Homegrown.Kernels.Emit.EmittedKernels.AreSupported ? [new ComputeOptions { Tier = Tier.Emitted }] : Array.Empty<ComputeOptions>(),
    ];

    public static float[] Values(int count, int seed, float outlier = 0)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = (float)((random.NextDouble() * 2) - 1) * (random.Next(50) == 0 ? 1 + outlier : 1);
        return values;
    }

    /// <summary>Rows of a type from values, [rows * columns].</summary>
    public static NativeBuffer Encode(TensorType type, ReadOnlySpan<float> values, int columns)
    {
        var rowBytes = (int)QuantFormats.RowBytes(type, columns);
        var rows = columns == 0 ? 0 : values.Length / columns;
        var buffer = new NativeBuffer((long)rows * rowBytes);
        float[] importance = QuantFormats.NeedsImportance(type) ? [.. Enumerable.Repeat(1f, columns)] : [];
        for (var r = 0; r < rows; r++) QuantFormats.Quantize(type, values.Slice(r * columns, columns), importance, buffer.Span((long)r * rowBytes, rowBytes));
        return buffer;
    }

    public static Tensor Rent(Compute compute, ReadOnlySpan<float> values, int columns)
    {
        var x = compute.Rent(values.Length / columns, columns);
        for (var t = 0; t < x.Rows; t++) values.Slice(t * columns, columns).CopyTo(x.Row(t));
        return x;
    }

    /// <summary>x times the rows of w, [tokens, rows], by one implementation; packed where that serves, with the same result as not packed.</summary>
    public static float[,] Multiply(ComputeOptions options, ReadOnlySpan<float> x, params ReadOnlySpan<Weight> w)
    {
        using var compute = new Compute(options);
        using var packing = new PackedWeights(compute);
        var asStored = Multiply(compute, x, new Matrix(w));
        var packed = new Weight[w.Length];
        for (var i = 0; i < w.Length; i++) packed[i] = packing.Serves(w[i]) ? packing.Pack(w[i]) : w[i];
        var y = Multiply(compute, x, new Matrix(packed));
        Assert.Equal(asStored, y);
        return y;
    }

    static float[,] Multiply(Compute compute, ReadOnlySpan<float> x, Matrix w)
    {
        var y = MatMul.Forward(Rent(compute, x, w.Columns), w);
        var copy = new float[y.Rows, y.Columns];
        for (var t = 0; t < y.Rows; t++)
            for (var r = 0; r < y.Columns; r++) copy[t, r] = y.Row(t)[r];
        return copy;
    }

    /// <summary>The rows of a weight as floats, [rows][columns].</summary>
    public static float[][] Decode(Weight w)
    {
        var rows = new float[w.Rows][];
        for (var r = 0; r < w.Rows; r++) w.Dequantize(r, rows[r] = new float[w.Columns]);
        return rows;
    }
}
