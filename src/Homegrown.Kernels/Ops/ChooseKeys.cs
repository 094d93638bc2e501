using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels.Ops;

/// <summary>How an indexer chooses what rows attend to; made once, with the layer.</summary>
/// <param name="Heads">Heads of the indexer's queries, which share one head of keys.</param>
/// <param name="Count">Blocks of keys that a row attends to at most.</param>
public sealed record IndexerOptions(int Heads, int Count)
{
    /// <summary>Neighbouring keys that are chosen together, by the best of them.</summary>
    public int BlockSize { get; init; } = 1;

    /// <summary>So many blocks, the row's own and those before it, come before all others.</summary>
    public int LocalBlocks { get; init; }
}

/// <summary>
/// Chooses the keys that rows attend to, by scores of an indexer: score(t, p) = sum over heads of w(t, h) * max(0, q(t, h)·k(p)), one
/// choice a row (DeepSeek-V3.2, arXiv 2512.02556 §2.1 eq. 1); or without weights q(t, h)·k(p), a choice for each head (MiniMax-M3).
/// Positive factors on all scores change no choice and are left out.
/// </summary>
public static unsafe class ChooseKeys
{
    // Scores of so many rows at a time stay in the third cache: 16 MB.
    const int MostScores = 1 << 22;

    // Products of fewer terms take some microseconds, less than waking a thread is worth.
    const long InlineTerms = 1 << 16;

    /// <summary>
    /// Fills the choice: of the best blocks of keys that a row sees, the positions up to its own, ascending; of equals the first.
    /// Returns it, or null where no row sees more than it may attend to.
    /// </summary>
    /// <param name="q">[rows, heads * keyDim], turned to their positions.</param>
    /// <param name="weights">[rows, heads]; null for a choice by each head, of its own scores.</param>
    /// <param name="pages">The indexer's keys, this step's included: one head, without values.</param>
    /// <param name="rows">Which rows belong to which sequence, at which positions, in which pages.</param>
    /// <exception cref="ArgumentException">Shapes do not fit each other, or a page is missing.</exception>
    public static KeyChoice? Forward(Tensor q, Tensor? weights, KvPages pages, RaggedRows rows, IndexerOptions options, KeyChoice choice)
    {
        Check(q, weights, pages, rows, options);
        var longest = 0;
        foreach (var position in rows.Positions) longest = Math.Max(longest, position + 1);
        if (Blocks(longest, options.BlockSize) <= options.Count) return null;

        choice.Clear();
        var arena = q.Compute.Arena;
        var lists = weights is null ? options.Heads : 1;
        var stride = (longest + QueryBlock.SpanPositions - 1) & -QueryBlock.SpanPositions;
        var chunk = (int)Math.Clamp(MostScores / ((long)stride * lists), 1, q.Rows);
        fixed (int* table = rows.PageTable)
        {
            for (var first = 0; first < q.Rows; first += chunk)
            {
                var mark = arena.Mark;
                var count = Math.Min(chunk, q.Rows - first);
                var scores = new IndexerScores
                {
                    Attention = new() { Q = q, Pages = pages, Table = table, Shape = new(options.Heads, 1, pages.Entry.KeyDim, 0), Scale = 1, Window = int.MaxValue, Lists = 1 },
                    Weights = weights,
                    First = first,
                    Rows = count,
                    Lists = lists,
                    Values = arena.Floats((long)count * lists * stride),
                    Stride = stride,
                };
                scores.Fill(rows.Segments);
                Select(scores, rows.Positions, options, choice);
                arena.Release(mark);
            }
        }

        return choice;
    }

    /// <summary>The best blocks of each list, and their positions to the choice.</summary>
    static void Select(in IndexerScores scores, ReadOnlySpan<int> positions, IndexerOptions options, KeyChoice choice)
    {
        var compute = scores.Attention.Q.Compute;
        var count = scores.Rows * scores.Lists;
        var best = (int*)compute.Arena.Take((long)count * options.Count * sizeof(int));
        fixed (int* at = positions)
        {
            var job = new Selection(scores, at, options.Count, options.BlockSize, options.LocalBlocks, best);
            if ((long)count * scores.Stride < InlineTerms)
                for (var list = 0; list < count; list++) job.Run(list);
            else compute.Pool.Run(count, ref job);
        }

        var size = options.BlockSize;
        for (var list = 0; list < count; list++)
        {
            var end = positions[scores.First + (list / scores.Lists)] + 1;
            var blocks = new ReadOnlySpan<int>(best + ((long)list * options.Count), Math.Min(options.Count, Blocks(end, size)));
            var length = 0;
            foreach (var block in blocks) length += Math.Min(size, end - (block * size));
            var to = choice.Add(length);
            var i = 0;
            foreach (var block in blocks)
                for (var position = block * size; position < Math.Min(end, (block + 1) * size); position++) to[i++] = position;
        }
    }

    static int Blocks(int positions, int size) => (int)(((long)positions + size - 1) / size);

    static void Check(Tensor q, Tensor? weights, KvPages pages, RaggedRows rows, IndexerOptions options)
    {
        if (options.Heads <= 0 || options.Count <= 0 || options.BlockSize <= 0 || options.LocalBlocks < 0)
            throw new ArgumentOutOfRangeException(nameof(options), options, "Heads, count and block size are above 0, local blocks not below.");
        if (pages.Entry.KvHeads != 1) throw new ArgumentException($"An indexer has one head of keys, not {pages.Entry.KvHeads}.", nameof(pages));
        AttentionCheck.Query(q, pages, rows, new(options.Heads, 1, pages.Entry.KeyDim, pages.Entry.ValueDim), AttentionOptions.None, choice: null);
        if (weights is { } w && (w.Rows != q.Rows || w.Columns != options.Heads))
            throw new ArgumentException($"weights is [{w.Rows}, {w.Columns}], not [{q.Rows}, {options.Heads}].", nameof(weights));
    }

    /// <summary>The best blocks of one list, [count] ascending.</summary>
    readonly struct Selection(IndexerScores scores, int* positions, int count, int size, int local, int* best) : IJob
    {
        public void Run(int list)
        {
            var values = scores.Values + ((long)list * scores.Stride);
            var position = positions[scores.First + (list / scores.Lists)];
            var blocks = position + 1;
            if (size > 1)
            {
                blocks = Blocks(position + 1, size);
                for (var block = 0; block < blocks; block++)
                {
                    var largest = float.NegativeInfinity;
                    for (var i = block * size; i <= Math.Min(position, (block * size) + size - 1); i++) largest = MathF.Max(largest, values[i]);
                    values[block] = largest;
                }
            }

            for (var block = Math.Max(0, blocks - local); block < blocks; block++) values[block] = float.PositiveInfinity;
            LargestNumbers.Find(values, blocks, count, best + ((long)list * count));
        }
    }
}
