using System.Runtime.CompilerServices;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Scores of an indexer for some rows of a step, computed as attention computes its own: blocks of neighbouring tokens by spans of
/// positions. What lies beyond a row's own position has no meaning.
/// </summary>
readonly unsafe struct IndexerScores
{
    // Products of fewer terms take some microseconds, less than waking a thread is worth.
    const long InlineTerms = 1 << 16;

    /// <summary>Queries and keys.</summary>
    public AttentionCall Attention { get; init; }

    /// <summary>[rows, heads]; null for a list of each head.</summary>
    public Tensor? Weights { get; init; }

    /// <summary>The first row of the step.</summary>
    public int First { get; init; }

    public int Rows { get; init; }

    /// <summary>Lists of scores for each row.</summary>
    public int Lists { get; init; }

    /// <summary>[rows * lists, Stride].</summary>
    public float* Values { get; init; }

    /// <summary>Whole spans of positions.</summary>
    public int Stride { get; init; }

    public void Fill(ReadOnlySpan<Segment> segments)
    {
        var compute = Attention.Q.Compute;
        foreach (var segment in segments)
        {
            var (first, end) = (Math.Max(First, segment.FirstRow), Math.Min(First + Rows, segment.FirstRow + segment.Rows));
            if (first >= end) continue;
            var skipped = first - segment.FirstRow;
            var part = new Segment(first, end - first, segment.FirstPosition + skipped, segment.FirstPage);
            if (compute.Tier == Tier.Reference) Define(part);
            else Tiled(part);
        }
    }

    /// <summary>The specification.</summary>
    void Define(Segment segment)
    {
        var (shape, pages) = (Attention.Shape, Attention.Pages);
        for (var row = 0; row < segment.Rows; row++)
        {
            for (var position = 0; position <= segment.FirstPosition + row; position++)
            {
                var (page, place, sum) = (Attention.Page(segment, position), position % KvPages.PageSize, 0.0);
                for (var head = 0; head < shape.Heads; head++)
                {
                    var q = Attention.Q.RowPointer(segment.FirstRow + row) + (head * shape.KeyDim);
                    var dot = 0.0;
                    for (var d = 0; d < shape.KeyDim; d++) dot += (double)q[d] * pages.Key(page, 0, place, d);
                    if (Weights is { } w) sum += Math.Max(0, dot) * w.RowPointer(segment.FirstRow + row)[head];
                    else List(segment.FirstRow + row, head)[position] = (float)dot;
                }

                if (Weights is not null) List(segment.FirstRow + row, 0)[position] = (float)sum;
            }
        }
    }

    /// <summary>Tasks are blocks by spans, all blocks as many as the longest has.</summary>
    void Tiled(Segment segment)
    {
        var compute = Attention.Q.Compute;
        var (blocks, last) = (QueryBlock.Count(Attention, segment), segment.FirstPosition + segment.Rows);
        var spans = ((last - 1) / QueryBlock.SpanPositions) + 1;
        var threads = (long)segment.Rows * last * Attention.Shape.Heads * Attention.Shape.KeyDim < InlineTerms ? 1 : Math.Min(compute.Threads, blocks * spans);
        var rows = QueryBlock.Create(Attention, segment, 0, 0, 0, null).Tokens * Attention.Group;
        var mark = compute.Arena.Mark;
        var job = new Job
        {
            Scores = this,
            Segment = segment,
            Tasks = blocks * spans,
            Spans = spans,
            Scratch = compute.Arena.Floats(threads * BlockScratch.Floats(Attention.Shape, rows)),
            ScratchFloats = BlockScratch.Floats(Attention.Shape, rows),
            Claimed = (int*)compute.Arena.Take(sizeof(int)),
        };
        *job.Claimed = 0;
        if (threads == 1) job.Run(0);
        else compute.Pool.Run(threads, ref job);
        compute.Arena.Release(mark);
    }

    float* List(int row, int list) => Values + ((((long)(row - First) * Lists) + list) * Stride);

    /// <summary>A part is a thread with scratch of its own, which claims tasks until none is left.</summary>
    struct Job : IJob
    {
        public IndexerScores Scores;
        public Segment Segment;
        public int Tasks, Spans;
        public float* Scratch;
        public long ScratchFloats;
        public int* Claimed;

        public readonly void Run(int part)
        {
            var scratch = Scratch + (part * ScratchFloats);
            for (int task; (task = Interlocked.Increment(ref *Claimed) - 1) < Tasks;)
            {
                switch (Scores.Attention.Q.Compute.VectorBits)
                {
                    case 128: Do<Lanes128>(task, scratch); break;
                    case 256: Do<Lanes256>(task, scratch); break;
                    default: Do<Lanes512>(task, scratch); break;
                }
            }
        }

        readonly void Do<TLanes>(int task, float* scratch)
            where TLanes : struct, ILanes<TLanes>
        {
            var block = QueryBlock.Create(Scores.Attention, Segment, 0, task / Spans, 0, null);
            var span = task % Spans;
            if (span >= block.Spans) return;
            var attention = new BlockAttention<TLanes>(Scores.Attention, block, scratch);
            attention.LoadQueries();
            Scores.Reduce<TLanes>(block, attention.Score(span), span * QueryBlock.SpanPositions);
        }
    }

    /// <summary>Scores of a block's heads in a span, [tokens * heads, positions of a span], to the lists.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Reduce<TLanes>(in QueryBlock block, float* scores, int at)
        where TLanes : struct, ILanes<TLanes>
    {
        var (heads, zero) = (Attention.Shape.Heads, TLanes.Create(0));
        for (var token = 0; token < block.Tokens; token++, scores += heads * QueryBlock.SpanPositions)
        {
            var row = block.Segment.FirstRow + block.FirstToken + token;
            if (Weights is not { } weights)
            {
                for (var head = 0; head < heads; head++)
                    new ReadOnlySpan<float>(scores + (head * QueryBlock.SpanPositions), QueryBlock.SpanPositions).CopyTo(new(List(row, head) + at, QueryBlock.SpanPositions));
                continue;
            }

            float* w = weights.RowPointer(row), to = List(row, 0) + at;
            for (var i = 0; i < QueryBlock.SpanPositions; i += TLanes.Count)
            {
                var sum = zero;
                for (var head = 0; head < heads; head++)
                    sum = TLanes.MultiplyAdd(TLanes.Create(w[head]), TLanes.Max(zero, TLanes.Load(scores + (head * QueryBlock.SpanPositions) + i)), sum);
                sum.Store(to + i);
            }
        }
    }
}
