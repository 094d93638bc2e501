using System.Diagnostics;
using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;
using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Quant;
using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels;

/// <summary>How fast one token is multiplied with weights of a type that lie in a cache: what instructions allow, whatever memory does.</summary>
/// <param name="IsPacked">The weights are multiplied from panels; otherwise stored rows are unpacked for every product.</param>
/// <param name="BytesPerSecond">Stored bytes, on all threads together.</param>
public sealed record ProductRoof(TensorType Type, bool IsPacked, double BytesPerSecond)
{
    const int Columns = 2048, ThreadBytes = 256 << 10, Rounds = 32;

    /// <summary>Not 0, and no scale that would be a subnormal number: halves of 1.06.</summary>
    const byte Filling = 0x3C;

    /// <summary>Measures the kernels of <paramref name="compute"/>: the best of <paramref name="passes"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No passes.</exception>
    /// <exception cref="NotSupportedException">This build does not compute with the type.</exception>
    public static unsafe ProductRoof Measure(Compute compute, TensorType type, int passes = 10)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(passes);
        var rowBytes = QuantFormats.RowBytes(type, Columns);
        var rows = checked((int)(ThreadBytes / rowBytes / PanelLayout.Rows * PanelLayout.Rows));
        using var scope = compute.Scope();
        using var packing = new PackedWeights(compute);
        using var buffer = new NativeBuffer(rows * rowBytes * compute.Threads);
        buffer.Span(0, checked((int)buffer.Bytes)).Fill(Filling);
        var stored = buffer.Weight(type, rows * compute.Threads, Columns);
        var w = packing.Serves(stored) ? packing.Pack(stored) : stored;
        var (x, y) = (compute.Rent(1, Columns), compute.Rent(1, w.Rows));
        for (var c = 0; c < Columns; c++) x.Row(0)[c] = MathF.Sin(c);
        var coded = QuantFormats.IsCoded(type) && !compute.Exact;
        var quantized = coded ? QuantizedRows.From(x) : default;
        var rests = coded && compute.Tier >= Tier.Emitted ? RestLists.Of(compute, quantized, 1) : default;
        var brains = EmittedFloats.TakeBrainRows(compute, w) ? BrainRows.From(x) : default;
        var job = new Job { Operands = new(x, quantized, rests, brains, default, y), Weight = w, Product = Product.Of(type), Rows = rows };
        var best = TimeSpan.MaxValue;
        for (var pass = 0; pass < passes; pass++)
        {
            var start = Stopwatch.GetTimestamp();
            compute.Pool.Run(compute.Threads, ref job);
            var time = Stopwatch.GetElapsedTime(start);
            if (time < best) best = time;
        }

        return new(type, w.Panels is not null, (double)Rounds * stored.Bytes / best.TotalSeconds);
    }

    /// <summary>A thread's own rows, again and again.</summary>
    struct Job : IJob
    {
        public Operands Operands;
        public Weight Weight;
        public Product Product;
        public int Rows;

        public readonly void Run(int part)
        {
            for (var round = 0; round < Rounds; round++) Product.Run(Operands, Weight, part * Rows, Rows, part * Rows);
        }
    }
}
