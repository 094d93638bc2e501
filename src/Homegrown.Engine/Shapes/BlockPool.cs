using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Shapes;

/// <summary>
/// Encoded blocks to copy from: encoding is slow, so that a few are made and dealt out in runs from random places. No two rows
/// are alike, at the speed of memory.
/// </summary>
sealed class BlockPool
{
    const int Values = 1 << 16;       // a multiple of every block's size
    const int RunBytes = 512;         // copied together, about: enough for speed, few enough that rows differ

    readonly byte[] blocks;
    readonly Random random;

    /// <summary>Normal values of a deviation around 0 (Box and Muller 1958).</summary>
    public BlockPool(TensorType type, double deviation, Random random)
    {
        this.random = random;
        var values = new float[Values];
        for (var i = 0; i < values.Length; i += 2)
        {
            var (radius, angle) = (deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())), 2 * Math.PI * random.NextDouble());
            (values[i], values[i + 1]) = ((float)(radius * Math.Cos(angle)), (float)(radius * Math.Sin(angle)));
        }

        BlockBytes = QuantFormats.BlockBytes(type);
        blocks = new byte[QuantFormats.RowBytes(type, values.Length)];
        float[] importance = QuantFormats.NeedsImportance(type) ? [.. Enumerable.Repeat(1f, values.Length)] : [];
        QuantFormats.Quantize(type, values, importance, blocks);
    }

    public int BlockBytes { get; }

    /// <summary>Fills whole blocks.</summary>
    public void Fill(Span<byte> to)
    {
        var run = RunBytes / BlockBytes * BlockBytes;
        var starts = (blocks.Length - run) / BlockBytes;
        for (; !to.IsEmpty; to = to[Math.Min(run, to.Length)..])
            blocks.AsSpan(random.Next(starts) * BlockBytes, Math.Min(run, to.Length)).CopyTo(to);
    }
}
