using System.Runtime.Intrinsics;
using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels.Ops;

/// <summary>An operation that treats every row by itself, in its tiers; a struct that holds tensors and pointers, so that a call allocates nothing.</summary>
interface IRowKernel
{
    /// <summary>The specification: scalar, sums in double.</summary>
    void Reference(int row);

    /// <summary>The same in vectors.</summary>
    void Portable<TLanes>(int row)
        where TLanes : struct, ILanes<TLanes>;
}

/// <summary>The one place where a row operation's tier, vector width and threads are chosen.</summary>
static class RowKernels
{
    // Below this many values waking a thread takes longer than the work: 16384 values are some microseconds.
    const long ValuesPerPart = 1 << 14;

    /// <summary>Runs the kernel on rows 0 to rows - 1 of <paramref name="columns"/> values each; few values stay on the caller's thread.</summary>
    public static void Run<TKernel>(Compute compute, int rows, int columns, TKernel kernel)
        where TKernel : struct, IRowKernel
    {
        var parts = (int)Math.Clamp((long)rows * columns / ValuesPerPart, 1, Math.Max(1, Math.Min(rows, compute.Threads * 4)));
        var job = new Job<TKernel>(kernel, compute.Tier, rows, parts);
        if (parts == 1) job.Run(0);
        else compute.Pool.Run(parts, ref job);
    }

    readonly struct Job<TKernel>(TKernel kernel, Tier tier, int rows, int parts) : IJob
        where TKernel : struct, IRowKernel
    {
        public void Run(int part)
        {
            var (first, end) = ((int)((long)rows * part / parts), (int)((long)rows * (part + 1) / parts));
            if (tier == Tier.Reference)
            {
                for (var row = first; row < end; row++) kernel.Reference(row);
            }
            else if (Vector512.IsHardwareAccelerated)
            {
                for (var row = first; row < end; row++) kernel.Portable<Lanes512>(row);
            }
            else if (Vector256.IsHardwareAccelerated)
            {
                for (var row = first; row < end; row++) kernel.Portable<Lanes256>(row);
            }
            else
            {
                for (var row = first; row < end; row++) kernel.Portable<Lanes128>(row);
            }
        }
    }
}
