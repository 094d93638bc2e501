using System.Runtime.InteropServices;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Tests.Ops;

/// <summary>
/// Sequences with their whole history: every step is compared with softmax(scale * q·K) V in double over that history, and
/// what the options add. Pages start
/// full of NaN and are given out in random order, so that nothing but what was written can be read.
/// </summary>
sealed unsafe class AttentionWorld : IDisposable
{
    /// <summary>Every width, and machine code where the processor has its instructions.</summary>
    public static IReadOnlyList<(Tier Tier, int VectorBits)> Tiers { get; } =
    [
        (Tier.Reference, 0), (Tier.Portable, 128), (Tier.Portable, 256), (Tier.Portable, 512), .. Compute.HasNative(Tier.Emitted) ? [(Tier.Emitted, 512)] : ((Tier, int)[])[],
    ];

    /// <summary>16-bit integers: weights err by 0.3 / 32,000 of their sum each, queries by 0.3 / 64,000 of the sum of their magnitudes.</summary>
    const double WordTolerance = 3e-6;

    readonly AttentionShape shape;
    readonly AttentionOptions options;
    readonly float magnitude, scale;
    readonly Compute compute;
    readonly KvPages pages;
    readonly Queue<int> freePages;
    readonly Dictionary<int, Sequence> sequences = [];

    public AttentionWorld(
        AttentionShape shape, KvType type, Tier tier, int threads, AttentionOptions? options = null, float magnitude = 1, int vectorBits = 0, bool valuesInKeys = false)
    {
        (this.shape, this.options, this.magnitude) = (shape, options ?? AttentionOptions.None, magnitude);
        scale = this.options.Scale ?? (float)(1 / Math.Sqrt(shape.KeyDim));
        compute = new(new() { Tier = tier, Threads = threads, MaxVectorBits = vectorBits });
        pages = new(24, new KvEntry(shape.KvHeads, shape.KeyDim, shape.ValueDim) { ValuesInKeys = valuesInKeys }, type);
        foreach (var side in (KvPanels[])[pages.Keys, pages.Values]) new Span<byte>(side.Square(0, 0), (int)side.Bytes).Fill(0xFF);
        var order = Enumerable.Range(0, pages.Pages).ToArray();
        new Random(5).Shuffle(order);
        freePages = new(order);
    }

    /// <summary>Chooses positions for a row at a position and a list of the row; null for rows that attend to all.</summary>
    public Func<int, int, int[]>? Choose { get; init; }

    /// <summary>Lists of a row, each for as many heads of queries.</summary>
    public int Lists { get; init; } = 1;

    /// <summary>All results of a sequence, in the order of its positions.</summary>
    public float[] Results(int sequence) => [.. sequences[sequence].Results];

    /// <summary>A new sequence begins with the positions in the first pages of another.</summary>
    public void Fork(int from, int to, int sharedPages)
    {
        var (old, count) = (sequences[from], sharedPages * KvPages.PageSize);
        sequences[to] = new(to)
        {
            Keys = old.Keys[..count],
            Values = old.Values[..count],
            Pages = old.Pages[..sharedPages],
        };
    }

    /// <summary>One step with so many new tokens of each sequence.</summary>
    public void Run(params ReadOnlySpan<(int Sequence, int Tokens)> segments)
    {
        compute.Reset();
        var rows = new RaggedRows();
        foreach (var (id, tokens) in segments)
        {
            var sequence = CollectionsMarshal.GetValueRefOrAddDefault(sequences, id, out _) ??= new(id);
            while (sequence.Pages.Count * KvPages.PageSize < sequence.Keys.Count + tokens) sequence.Pages.Add(freePages.Dequeue());
            rows.Add(tokens, sequence.Keys.Count, CollectionsMarshal.AsSpan(sequence.Pages));
        }

        var q = compute.Rent(rows.Rows, shape.Heads * shape.KeyDim);
        var kv = compute.Rent(rows.Rows, shape.KvHeads * (shape.KeyDim + shape.ValueDim));   // slices: strides longer than rows
        var (k, v) = (kv.Slice(0, shape.KvHeads * shape.KeyDim), kv.Slice(shape.KvHeads * shape.KeyDim, shape.KvHeads * shape.ValueDim));
        var choice = Choose is null ? null : new KeyChoice();
        var row = 0;
        foreach (var (id, tokens) in segments)
        {
            for (var i = 0; i < tokens; i++, row++)
            {
                Fill(sequences[id].Random, q.Row(row), shape.KeyDim);
                sequences[id].Keys.Add(Fill(sequences[id].Random, k.Row(row), shape.KeyDim));
                var value = Fill(sequences[id].Random, v.Row(row), shape.ValueDim);
                sequences[id].Values.Add(pages.Entry.ValuesInKeys ? Heads(sequences[id].Keys[^1]) : value);
                for (var list = 0; choice is not null && list < Lists; list++)
                {
                    var chosen = Choose!(sequences[id].Keys.Count - 1, list);
                    chosen.CopyTo(choice.Add(chosen.Length));
                }
            }
        }

        var y = Attention.Forward(q, k, v, pages, rows, shape, options, choice);
        row = 0;
        foreach (var (id, tokens) in segments)
        {
            for (var i = tokens; i > 0; i--, row++)
            {
                Check(sequences[id], sequences[id].Keys.Count - i, q.Row(row), y.Row(row));
                sequences[id].Results.AddRange(y.Row(row));
            }
        }
    }

    public void Dispose()
    {
        pages.Dispose();
        compute.Dispose();
    }

    void Check(Sequence sequence, int position, ReadOnlySpan<float> q, ReadOnlySpan<float> y)
    {
        var (error, norm) = (0.0, 0.0);
        for (var head = 0; head < shape.Heads; head++)
        {
            var kv = head / (shape.Heads / shape.KvHeads);
            var query = q.Slice(head * shape.KeyDim, shape.KeyDim).ToArray();
            var seen = Seen(sequence, position, head * Lists / shape.Heads).ToArray();
            var scores = seen.Select(p => Score(head, p - position, Dot(query, sequence.Keys[p].AsSpan(kv * shape.KeyDim, shape.KeyDim)))).ToArray();
            var sink = options.Sinks is { } sinks ? sinks[head] : double.NegativeInfinity;
            var largest = Math.Max(sink, scores.Max());
            var weights = scores.Select(s => Math.Exp(s - largest)).ToArray();
            var (sum, expected) = (weights.Sum() + Math.Exp(sink - largest), new double[shape.ValueDim]);
            foreach (var (i, p) in seen.Index())
            {
                var value = sequence.Values[p].AsSpan(kv * shape.ValueDim, shape.ValueDim);
                for (var d = 0; d < expected.Length; d++) expected[d] += weights[i] / sum * value[d];
            }

            for (var d = 0; d < expected.Length; d++)
            {
                var difference = y[(head * shape.ValueDim) + d] - expected[d];
                error += difference * difference;
                norm += expected[d] * expected[d];
            }
        }

        // A score is off by its magnitude times some 2^-24, and so is its exponential, relatively; the values cancel each other.
        var tolerance = (IsInWords ? WordTolerance : 4e-11) * Math.Pow(magnitude, 4);
        Assert.True(error <= tolerance * norm, $"sequence {sequence.Id}, position {position}: NMSE {error / norm:g3}");
    }

    bool IsInWords => compute.Tier >= Tier.Emitted && pages.Type != KvType.F32;

    IEnumerable<int> Seen(Sequence sequence, int position, int list)
    {
        if (Choose is not null) return Choose(position, list);
        var window = options.Window ?? int.MaxValue;
        return Enumerable.Range(0, sequence.Keys.Count).Where(p => Math.Abs(p - position) < window && (p <= position || options.BothSides));
    }

    double Score(int head, int distance, double dot)
    {
        var score = dot * scale;
        if (options.SoftCap is { } cap) score = cap * Math.Tanh(score / cap);
        if (options.Distances is { } distances)
        {
            var reach = distances.Length / shape.Heads / 2;
            score += distances[(head * ((2 * reach) + 1)) + reach + Math.Clamp(distance, -reach, reach)];
        }

        return score + (options.Slopes is { } slopes ? slopes[head] * (double)distance : 0);
    }

    /// <summary>The first numbers of each head's key.</summary>
    float[] Heads(float[] key) => [.. key.Chunk(shape.KeyDim).SelectMany(head => head.Take(shape.ValueDim))];

    static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum += (double)a[i] * b[i];
        return sum;
    }

    /// <summary>Random values, and what the cache keeps of them.</summary>
    float[] Fill(Random random, Span<float> row, int headDim)
    {
        for (var i = 0; i < row.Length; i++) row[i] = magnitude * ((random.NextSingle() * 4) - 2);
        var kept = row.ToArray();
        if (pages.Type == KvType.F16) for (var i = 0; i < kept.Length; i++) kept[i] = (float)(Half)kept[i];
        if (pages.Type is KvType.Q8_0 or KvType.Q4_0)
            for (var at = 0; at < kept.Length; at += headDim)
                for (var d = 0; d < headDim; d += Q8_0.BlockSize) ThroughCodes(kept.AsSpan(at + d, Math.Min(Q8_0.BlockSize, headDim - d)));
        return kept;
    }

    /// <summary>Up to 32 numbers, as they come back from a block.</summary>
    void ThroughCodes(Span<float> values)
    {
        var (padded, block) = (new float[Q8_0.BlockSize], new byte[Q8_0.BlockBytes]);
        values.CopyTo(padded);
        if (pages.Type == KvType.Q8_0)
        {
            Q8_0.Quantize(padded, default, block);
            Q8_0.Dequantize(block, padded);
        }
        else
        {
            Q4_0.Quantize(padded, default, block.AsSpan(0, Q4_0.BlockBytes));
            Q4_0.Dequantize(block.AsSpan(0, Q4_0.BlockBytes), padded);
        }

        padded.AsSpan(0, values.Length).CopyTo(values);
    }

    sealed class Sequence(int id)
    {
        public int Id => id;

        public Random Random { get; } = new(id + 10);

        public List<float[]> Keys { get; init; } = [];

        public List<float[]> Values { get; init; } = [];

        public List<int> Pages { get; init; } = [];

        public List<float> Results { get; } = [];
    }
}
