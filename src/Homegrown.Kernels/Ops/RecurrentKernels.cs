using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// An operation along a sequence's rows, one after the other, that treats every part of a row (a head, some channels) by itself; a
/// struct that holds tensors and pointers, so that a call allocates nothing.
/// </summary>
interface IRecurrentKernel
{
    /// <summary>The specification: scalar, sums in double.</summary>
    void Reference(Segment segment, int part);

    /// <summary>The same in vectors.</summary>
    void Portable<TLanes>(Segment segment, int part)
        where TLanes : struct, ILanes<TLanes>;
}

/// <summary>The one place where a recurrent operation's tier, vector width and threads are chosen.</summary>
static class RecurrentKernels
{
    // Fewer multiply-adds take some microseconds, less than waking a thread is worth.
    const long InlineTerms = 1 << 16;

    /// <summary>Runs the kernel on every part of every sequence.</summary>
    /// <param name="terms">Multiply-adds of a row's part.</param>
    public static void Run<TKernel>(Compute compute, RaggedRows rows, int parts, long terms, TKernel kernel)
        where TKernel : struct, IRecurrentKernel
    {
        var tasks = rows.Segments.Length * parts;
        var job = new Job<TKernel>(kernel, compute, rows, parts);
        if (rows.Rows * parts * terms > InlineTerms && tasks > 1) compute.Pool.Run(tasks, ref job);
        else
            for (var task = 0; task < tasks; task++) job.Run(task);
    }

    readonly struct Job<TKernel>(TKernel kernel, Compute compute, RaggedRows rows, int parts) : IJob
        where TKernel : struct, IRecurrentKernel
    {
        public void Run(int task)
        {
            var (segment, part) = (rows.Segments[task / parts], task % parts);
            if (compute.Tier == Tier.Reference) kernel.Reference(segment, part);
            else if (compute.VectorBits == 512) kernel.Portable<Lanes512>(segment, part);
            else if (compute.VectorBits == 256) kernel.Portable<Lanes256>(segment, part);
            else kernel.Portable<Lanes128>(segment, part);
        }
    }
}
