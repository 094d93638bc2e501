using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Attention in blocks of queries over spans of positions, each with a softmax of its own, merged in order (Milakov and Gimelshein 2018,
/// arXiv 1805.02867; Dao et al. 2022, arXiv 2205.14135). With many blocks (a prompt, many sequences) a thread takes a block with all
/// its spans; with few (a decoded token) the spans are computed apart and merged afterwards, by the same arithmetic.
/// </summary>
static unsafe class TiledAttention
{
    // Products of fewer terms take some microseconds, less than waking a thread is worth.
    const long InlineTerms = 1 << 16;

    public static void Run(in AttentionCall call, ReadOnlySpan<Segment> segments)
    {
        var (compute, shape) = (call.Q.Compute, call.Shape);
        var count = 0;
        foreach (var segment in segments) count += shape.KvHeads * LaneBlock.Count(segment, call.Group);
        if (count == 0) return;

        var blocks = (LaneBlock*)compute.Arena.Take(count * (long)sizeof(LaneBlock));
        var next = blocks;
        var (width, spans, terms) = (0, 0, 0L);
        foreach (var segment in segments)
        {
            for (var i = 0; i < LaneBlock.Count(segment, call.Group); i++)
            {
                for (var head = 0; head < shape.KvHeads; head++)
                {
                    var block = *next++ = LaneBlock.Create(call, segment, head, i, spans);
                    width = Math.Max(width, block.Width);
                    spans += block.Spans;
                    terms += 2L * (block.End - block.First) * shape.HeadDim * block.Width;
                }
            }
        }

        var threads = terms < InlineTerms ? 1 : compute.Threads;
        var job = new Job
        {
            Call = call,
            Blocks = blocks,
            Claimed = (int*)compute.Arena.Take(sizeof(int)),
            Scratch = compute.Arena.Floats(threads * BlockScratch.Floats(shape.HeadDim, width)),
            Width = width,
        };
        if (threads > 1 && count < 4 * threads && spans > count)
        {
            job.Results = compute.Arena.Floats(spans * SpanResult.Floats(shape.HeadDim, width));
            Dispatch(compute, ref job, Work.Spans, spans, threads);
            Dispatch(compute, ref job, Work.Merge, count, threads);
        }
        else
        {
            Dispatch(compute, ref job, Work.Blocks, count, threads);
        }
    }

    static void Dispatch(Compute compute, ref Job job, Work work, int tasks, int threads)
    {
        (job.Work, job.Tasks, *job.Claimed) = (work, tasks, 0);
        if (threads == 1) job.Run(0);
        else compute.Pool.Run(Math.Min(threads, tasks), ref job);
    }

    enum Work
    {
        /// <summary>A task is a block with all its spans.</summary>
        Blocks,

        /// <summary>A task is one span of a block, kept by itself.</summary>
        Spans,

        /// <summary>A task is a block whose spans were kept.</summary>
        Merge,
    }

    /// <summary>A part is a thread with scratch of its own, which claims tasks until none is left.</summary>
    struct Job : IJob
    {
        public AttentionCall Call;
        public LaneBlock* Blocks;
        public int* Claimed;
        public float* Scratch, Results;
        public int Width, Tasks;
        public Work Work;

        public readonly void Run(int part)
        {
            var scratch = Scratch + (part * BlockScratch.Floats(Call.Shape.HeadDim, Width));
            for (int task; (task = Interlocked.Increment(ref *Claimed) - 1) < Tasks;)
            {
                var block = Work == Work.Spans ? Blocks : Blocks + task;
                if (Work == Work.Spans)
                    while (task >= block->SpansBefore + block->Spans) block++;

                switch (block->Width / Lanes128.Count)
                {
                    case 1 or 3: Do(new BlockAttention<Lanes128>(Call, *block, scratch), *block, task); break;
                    case 2 or 6: Do(new BlockAttention<Lanes256>(Call, *block, scratch), *block, task); break;
                    default: Do(new BlockAttention<Lanes512>(Call, *block, scratch), *block, task); break;
                }
            }
        }

        readonly void Do<TLanes>(in BlockAttention<TLanes> attention, in LaneBlock block, int task)
            where TLanes : struct, ILanes<TLanes>
        {
            if (Work != Work.Merge) attention.LoadQueries();
            if (Work == Work.Spans)
            {
                attention.Attend(task - block.SpansBefore, Kept(block, task));
                return;
            }

            attention.Start();
            for (var span = 0; span < block.Spans; span++)
            {
                var part = Work == Work.Merge ? Kept(block, block.SpansBefore + span) : attention.Part;
                if (Work == Work.Blocks) attention.Attend(span, part);
                attention.Merge(part);
            }

            attention.Finish();
        }

        /// <summary>Where a span's result is kept until all are merged.</summary>
        readonly SpanResult Kept(in LaneBlock block, int span)
            => new(Results + (span * SpanResult.Floats(Call.Shape.HeadDim, Width)), block.Width);
    }
}
