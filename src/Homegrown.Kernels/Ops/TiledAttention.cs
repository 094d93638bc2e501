using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Attention in blocks of queries over spans of positions, each with a softmax of its own, merged in order (Milakov and Gimelshein 2018,
/// arXiv 1805.02867; Dao et al. 2022, arXiv 2205.14135). With many blocks (a prompt, many sequences) a thread takes a block with all
/// its spans; with few (a decoded token) the spans are computed apart, and who ends a block's last merges them, by the same arithmetic.
/// </summary>
static unsafe class TiledAttention
{
    // Products of fewer terms take some microseconds, less than waking a thread is worth.
    const long InlineTerms = 1 << 16;

    public static void Run(in AttentionCall call, ReadOnlySpan<Segment> segments, KeyChoice? choice)
    {
        var (compute, shape) = (call.Q.Compute, call.Shape);
        var count = 0;
        foreach (var segment in segments) count += call.Groups * QueryBlock.Count(call, segment);
        if (count == 0) return;

        var blocks = (QueryBlock*)compute.Arena.Take(count * (long)sizeof(QueryBlock));
        var next = blocks;
        var (rows, spans, terms) = (0, 0, 0L);
        foreach (var segment in segments)
        {
            for (var i = 0; i < QueryBlock.Count(call, segment); i++)
            {
                for (var group = 0; group < call.Groups; group++)
                {
                    var block = *next++ = QueryBlock.Create(call, segment, group, i, spans, choice);
                    rows = Math.Max(rows, block.Tokens * call.Group);
                    spans += block.Spans;
                    terms += (long)(block.End - block.First) * (shape.KeyDim + shape.ValueDim) * block.Tokens * call.Group;
                }
            }
        }

        var threads = terms < InlineTerms ? 1 : compute.Threads;
        var apart = threads > 1 && count < 4 * threads && spans > count;
        var job = new Job
        {
            Call = call,
            Blocks = blocks,
            Tasks = apart ? spans : count,
            Rows = rows,
            Claimed = (int*)compute.Arena.Take(sizeof(int)),
            Scratch = compute.Arena.Floats(threads * BlockScratch.Floats(shape, rows)),
        };
        *job.Claimed = 0;
        if (apart)
        {
            job.Results = compute.Arena.Floats(spans * SpanResult.Floats(shape, rows));
            job.Left = (int*)compute.Arena.Take(count * (long)sizeof(int));
            for (var i = 0; i < count; i++) job.Left[i] = blocks[i].Spans;
        }

        if (threads == 1) job.Run(0);
        else compute.Pool.Run(Math.Min(threads, job.Tasks), ref job);
    }

    /// <summary>A part is a thread with scratch of its own, which claims tasks until none is left: blocks, or spans of blocks.</summary>
    struct Job : IJob
    {
        public AttentionCall Call;
        public QueryBlock* Blocks;
        public int* Claimed;
        public float* Scratch;
        public int Rows, Tasks;

        /// <summary>Where spans are computed apart, their results, and how many of a block are missing.</summary>
        public float* Results;
        public int* Left;

        public readonly void Run(int part)
        {
            var scratch = Scratch + (part * BlockScratch.Floats(Call.Shape, Rows));
            for (int task; (task = Interlocked.Increment(ref *Claimed) - 1) < Tasks;)
            {
                var block = Results == null ? Blocks + (Tasks - 1 - task) : Blocks;   // a prompt's last see most
                if (Results != null)
                    while (task >= block->SpansBefore + block->Spans) block++;

                switch (Call.Q.Compute.VectorBits)
                {
                    case 128: Do(new BlockAttention<Lanes128>(Call, *block, scratch), block, task); break;
                    case 256: Do(new BlockAttention<Lanes256>(Call, *block, scratch), block, task); break;
                    default: Do(new BlockAttention<Lanes512>(Call, *block, scratch), block, task); break;
                }
            }
        }

        readonly void Do<TLanes>(in BlockAttention<TLanes> attention, QueryBlock* block, int task)
            where TLanes : struct, ILanes<TLanes>
        {
            // The newest position is in a block's last span.
            var writes = Call.WritesLate(block->Segment) && (Results == null || task == block->SpansBefore + block->Spans - 1);
            if (writes) Call.Fetch(block->Segment, block->KvHead);
            attention.LoadQueries();
            if (writes) Call.Write(block->Segment, block->KvHead);
            if (Results != null)
            {
                attention.Attend(task - block->SpansBefore, Kept(*block, task));
                if (Interlocked.Decrement(ref Left[block - Blocks]) > 0) return;
            }

            attention.Start();
            for (var span = 0; span < block->Spans; span++)
            {
                var part = Results != null ? Kept(*block, block->SpansBefore + span) : attention.Part;
                if (Results == null) attention.Attend(span, part);
                attention.Merge(part);
            }

            attention.Finish();
        }

        /// <summary>Where a span's result is kept until all are merged.</summary>
        readonly SpanResult Kept(in QueryBlock block, int span)
            => new(Results + (span * SpanResult.Floats(Call.Shape, Rows)), Call.Shape, block.Tokens * Call.Group);
    }
}
