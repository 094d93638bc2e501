using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels;

/// <summary>What the machine could do: decoding reads all weights for every token, so memory is its roof; for a prompt, multiplying is.</summary>
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

    /// <summary>
    /// Multiplications and additions a second of each instruction that products here could use, in registers, on all threads of
    /// <paramref name="compute"/> together: the best of <paramref name="passes"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">No passes.</exception>
    public static IReadOnlyList<(string Instruction, double PerSecond)> OperationsPerSecond(Compute compute, int passes = 5)
    {
        const long Rounds = 1 << 20;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(passes);
        var rates = new List<(string, double)>();
        foreach (var instruction in RoofEmitter.All)
        {
            if (!instruction.IsSupported) continue;
            using var code = instruction.Emit();
            using var argument = RoofEmitter.Argument(instruction.Operations > 1000 ? Rounds / 16 : Rounds);
            var job = new InstructionJob { Code = code.Address, Argument = argument.Data };
            var best = TimeSpan.MaxValue;
            for (var pass = 0; pass < passes; pass++)
            {
                var start = Stopwatch.GetTimestamp();
                compute.Pool.Run(compute.Threads, ref job);
                var time = Stopwatch.GetElapsedTime(start);
                if (time < best) best = time;
            }

            rates.Add((instruction.Name, *(long*)argument.Data * (double)RoofEmitter.Sums * instruction.Operations * compute.Threads / best.TotalSeconds));
        }

        return rates;
    }

    struct InstructionJob : IJob
    {
        public void* Code;
        public byte* Argument;

        public readonly void Run(int part) => ((delegate* unmanaged<byte*, void>)Code)(Argument);
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
