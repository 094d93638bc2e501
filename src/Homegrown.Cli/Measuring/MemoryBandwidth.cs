using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Cli.Measuring;

/// <summary>
/// How fast this machine's memory delivers bytes to so many threads: the ceiling of decoding, which reads every weight once for
/// each token.
/// </summary>
static class MemoryBandwidth
{
    // Several times the last-level cache of large servers, over all threads together; the caches keep none of it from pass to pass.
    const int Bytes = 1 << 30;
    const int Passes = 4;

    /// <returns>Bytes per second, the best of a few passes of every thread over its own part of the memory.</returns>
    public static double Measure(int threads)
    {
        var parts = new ulong[threads][];
        var length = Bytes / sizeof(ulong) / threads / 32 * 32;
        Parallel(threads, part => Array.Fill(parts[part] = GC.AllocateUninitializedArray<ulong>(length), (ulong)part)); // touched by the thread that reads it
        var best = TimeSpan.MaxValue;
        var sum = 0ul;
        for (var pass = 0; pass < Passes; pass++)
        {
            var watch = Stopwatch.StartNew();
            Parallel(threads, part => Interlocked.Add(ref sum, Sum(parts[part])));
            if (watch.Elapsed < best) best = watch.Elapsed;
        }
        GC.KeepAlive(sum);
        return (double)length * sizeof(ulong) * threads / best.TotalSeconds;
    }

    /// <summary>Four independent sums, so that only the memory limits it. The length is a multiple of 32.</summary>
    static ulong Sum(ulong[] values)
    {
        ref var start = ref MemoryMarshal.GetArrayDataReference(values);
        var (a, b, c, d) = (Vector512<ulong>.Zero, Vector512<ulong>.Zero, Vector512<ulong>.Zero, Vector512<ulong>.Zero);
        for (nuint i = 0; i < (nuint)values.Length; i += 32)
        {
            a ^= Vector512.LoadUnsafe(ref start, i);
            b ^= Vector512.LoadUnsafe(ref start, i + 8);
            c ^= Vector512.LoadUnsafe(ref start, i + 16);
            d ^= Vector512.LoadUnsafe(ref start, i + 24);
        }
        return Vector512.Sum(a ^ b ^ c ^ d);
    }

    static void Parallel(int threads, Action<int> work)
    {
        var workers = Enumerable.Range(0, threads).Select(part => new Thread(() => work(part))).ToList();
        workers.ForEach(worker => worker.Start());
        workers.ForEach(worker => worker.Join());
    }
}
