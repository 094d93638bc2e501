using System.Runtime.CompilerServices;
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

/// <summary>Leaves rows as they are.</summary>
readonly struct Nothing : IRowKernel
{
    public void Reference(int row)
    {
    }

    public void Portable<TLanes>(int row)
        where TLanes : struct, ILanes<TLanes>
    {
    }
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

    /// <summary>Runs the kernel on one row. A method of its own: inside larger ones the JIT gives up inlining, and every vector is a call.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void One<TKernel>(in TKernel kernel, Tier tier, int row)
        where TKernel : struct, IRowKernel
    {
        if (tier == Tier.Reference) kernel.Reference(row);
        else if (Vector512.IsHardwareAccelerated) kernel.Portable<Lanes512>(row);
        else if (Vector256.IsHardwareAccelerated) kernel.Portable<Lanes256>(row);
        else kernel.Portable<Lanes128>(row);
    }

    readonly struct Job<TKernel>(TKernel kernel, Tier tier, int rows, int parts) : IJob
        where TKernel : struct, IRowKernel
    {
        public void Run(int part)
        {
            var (first, end) = ((int)((long)rows * part / parts), (int)((long)rows * (part + 1) / parts));
            for (var row = first; row < end; row++) One(kernel, tier, row);
        }
    }
}
