using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Quant;

namespace Homegrown.Benchmarks;

/// <summary>Random numbers that are the same in every run.</summary>
static class Inputs
{
    public static float[] Values(int count)
    {
        var random = new Random(1);
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = (random.NextSingle() * 2) - 1;
        return values;
    }

    public static Tensor Rent(Compute compute, int rows, int columns)
    {
        var x = compute.Rent(rows, columns);
        var values = Values(rows * columns);
        for (var row = 0; row < rows; row++) values.AsSpan(row * columns, columns).CopyTo(x.Row(row));
        return x;
    }

    /// <summary>A matrix of a type, each row the same random values.</summary>
    public static NativeBuffer Matrix(TensorType type, int rows, int columns)
    {
        var rowBytes = (int)QuantFormats.RowBytes(type, columns);
        var buffer = new NativeBuffer((long)rows * rowBytes);
        var first = buffer.Span(0, rowBytes);
        QuantFormats.Quantize(type, Values(columns), QuantFormats.NeedsImportance(type) ? Enumerable.Repeat(1f, columns).ToArray() : [], first);
        for (var row = 1; row < rows; row++) first.CopyTo(buffer.Span((long)row * rowBytes, rowBytes));
        return buffer;
    }
}
