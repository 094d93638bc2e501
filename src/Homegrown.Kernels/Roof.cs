using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels;

/// <summary>What the machine could do: decoding reads all weights for every token, so memory is its roof.</summary>
public static unsafe class Roof
{
    /// <summary>Several times the last-level cache of large servers.</summary>
    const int PartBytes = 1 << 20, Parts = 1024;

    /// <summary>Bytes a second at which all threads of <paramref name="compute"/> read memory: the best of <paramref name="passes"/> over 1 GB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No passes.</exception>
    public static double ReadBytesPerSecond(Compute compute, int passes = 5)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(passes);
        using var buffer = new NativeBuffer((long)Parts * PartBytes, largePages: true);
        for (var part = 0; part < Parts; part++) buffer.Span((long)part * PartBytes, PartBytes).Fill(1); // pages exist once written
        var (job, best) = (new Job { Data = buffer.Data }, TimeSpan.MaxValue);
        for (var pass = 0; pass < passes; pass++)
        {
            var start = Stopwatch.GetTimestamp();
            compute.Pool.Run(Parts, ref job);
            var time = Stopwatch.GetElapsedTime(start);
            if (time < best) best = time;
        }

        return buffer.Bytes / best.TotalSeconds;
    }

    struct Job : IJob
    {
        public byte* Data;
        public long Sum; // kept, so that the reads are not optimized away

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int part)
        {
            var from = Data + ((long)part * PartBytes);
            var (a, b) = (Vector256<long>.Zero, Vector256<long>.Zero);
            for (var at = 0; at < PartBytes; at += 64)
            {
                a += Vector256.Load((long*)(from + at));
                b += Vector256.Load((long*)(from + at + 32));
            }

            Interlocked.Add(ref Sum, Vector256.Sum(a + b));
        }
    }
}
