using System.Runtime.InteropServices;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Tests.Ops;

/// <summary>
/// Sequences with their whole history: every step is compared with softmax(scale * q·K) V in double over that history. Pages start
/// full of NaN and are given out in random order, so that nothing but what was written can be read.
/// </summary>
sealed unsafe class AttentionWorld : IDisposable
{
    readonly AttentionShape shape;
    readonly int? window;
    readonly float magnitude, scale;
    readonly Compute compute;
    readonly KvPages pages;
    readonly Queue<int> freePages;
    readonly Dictionary<int, Sequence> sequences = [];

    public AttentionWorld(
        AttentionShape shape, KvType type, Tier tier, int threads, int? window = null, float magnitude = 1, int vectorBits = 0)
    {
        (this.shape, this.window, this.magnitude, scale) = (shape, window, magnitude, (float)(1 / Math.Sqrt(shape.HeadDim)));
        compute = new(new() { Tier = tier, Threads = threads, MaxVectorBits = vectorBits });
        pages = new(24, shape.KvHeads, shape.HeadDim, type);
        foreach (var side in (KvPanels[])[pages.Keys, pages.Values]) new Span<byte>(side.Square(0, 0), (int)side.Bytes).Fill(0xFF);
        var order = Enumerable.Range(0, pages.Pages).ToArray();
        new Random(5).Shuffle(order);
        freePages = new(order);
    }

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

        var q = compute.Rent(rows.Rows, shape.Heads * shape.HeadDim);
        var kv = compute.Rent(rows.Rows, 2 * shape.KvHeads * shape.HeadDim);   // slices: strides longer than rows
        var (k, v) = (kv.Slice(0, kv.Columns / 2), kv.Slice(kv.Columns / 2, kv.Columns / 2));
        var row = 0;
        foreach (var (id, tokens) in segments)
        {
            for (var i = 0; i < tokens; i++, row++)
            {
                Fill(sequences[id].Random, q.Row(row));
                sequences[id].Keys.Add(Fill(sequences[id].Random, k.Row(row)));
                sequences[id].Values.Add(Fill(sequences[id].Random, v.Row(row)));
            }
        }

        var y = Attention.Forward(q, k, v, pages, rows, shape, scale, window);
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
        var (first, dim) = (Math.Max(0, position + 1 - (window ?? int.MaxValue / 2)), shape.HeadDim);
        var (error, norm) = (0.0, 0.0);
        for (var head = 0; head < shape.Heads; head++)
        {
            var kv = head / (shape.Heads / shape.KvHeads) * dim;
            var scores = new double[position + 1 - first];
            for (var p = first; p <= position; p++) scores[p - first] = Dot(q.Slice(head * dim, dim), sequence.Keys[p].AsSpan(kv, dim)) * scale;
            var largest = scores.Max();
            var weights = scores.Select(s => Math.Exp(s - largest)).ToArray();
            var (sum, expected) = (weights.Sum(), new double[dim]);
            for (var p = first; p <= position; p++)
            {
                var value = sequence.Values[p].AsSpan(kv, dim);
                for (var d = 0; d < dim; d++) expected[d] += weights[p - first] / sum * value[d];
            }

            for (var d = 0; d < dim; d++)
            {
                var difference = y[(head * dim) + d] - expected[d];
                error += difference * difference;
                norm += expected[d] * expected[d];
            }
        }

        // A score is off by its magnitude times some 2^-24, and so is its exponential, relatively; the values cancel each other.
        var tolerance = 1e-11 * Math.Pow(magnitude, 4);
        Assert.True(error <= tolerance * norm, $"sequence {sequence.Id}, position {position}: NMSE {error / norm:g3}");
    }

    static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum += (double)a[i] * b[i];
        return sum;
    }

    /// <summary>Random values, and what the cache keeps of them.</summary>
    float[] Fill(Random random, Span<float> row)
    {
        for (var i = 0; i < row.Length; i++) row[i] = magnitude * ((random.NextSingle() * 4) - 2);
        var kept = row.ToArray();
        if (pages.Type == KvType.F16) for (var i = 0; i < kept.Length; i++) kept[i] = (float)(Half)kept[i];
        if (pages.Type == KvType.Q8_0)
            for (var at = 0; at < kept.Length; at += shape.HeadDim)
                for (var d = 0; d < shape.HeadDim; d += Q8_0.BlockSize) ThroughQ8(kept.AsSpan(at + d, Math.Min(Q8_0.BlockSize, shape.HeadDim - d)));
        return kept;
    }

    /// <summary>Up to 32 numbers, as they come back from a block.</summary>
    static void ThroughQ8(Span<float> values)
    {
        var (padded, block) = (new float[Q8_0.BlockSize], new byte[Q8_0.BlockBytes]);
        values.CopyTo(padded);
        Q8_0.Quantize(padded, default, block);
        Q8_0.Dequantize(block, padded);
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
