using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels;

/// <summary>Settings of a <see cref="Compute"/>.</summary>
public sealed record ComputeOptions
{
    /// <summary>Threads that compute, the calling one included; 0 takes what the machine and its quota give.</summary>
    public int Threads { get; init; }

    /// <summary>Forces a tier; null takes the best that the processor has.</summary>
    public Tier? Tier { get; init; }

    /// <summary>Float32 weights and activations throughout: no integer products. For comparing with references.</summary>
    public bool Exact { get; init; }

    /// <summary>Widest vectors of the portable tier: 128, 256 or 512 bits; 0 takes the widest that pay on the processor.</summary>
    public int MaxVectorBits { get; init; }
}

/// <summary>
/// What one engine computes with: threads, an arena for activations, and the choice of kernels. One step at a time uses it;
/// tensors live until the next <see cref="Reset"/>, or the end of the <see cref="Scope"/> that they were made in.
/// </summary>
public sealed unsafe class Compute : IDisposable
{
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public Compute(ComputeOptions? options = null)
    {
        options ??= new ComputeOptions();
        if (options.MaxVectorBits is not (0 or 128 or 256 or 512))
            throw new ArgumentOutOfRangeException(nameof(options), options.MaxVectorBits, "MaxVectorBits is 0, 128, 256 or 512.");
        Exact = options.Exact;
        VectorBits = Math.Min(WidestVectors, options.MaxVectorBits > 0 ? options.MaxVectorBits : int.MaxValue);
        var emitted = EmittedKernels.AreSupported && VectorBits == 512;
        if (options.Tier >= Tier.Emitted && !emitted)
            throw new PlatformNotSupportedException($"The {options.Tier.ToString()!.ToLowerInvariant()} tier needs AVX-512 VNNI and 512-bit vectors: this is {RuntimeInformation.ProcessArchitecture} with {VectorBits} bits.");
        Tier = options.Tier ?? (!emitted ? Tier.Portable : CpuFeatures.HasAmxBf16 ? Tier.Amx : Tier.Emitted);
        Pool = new WorkerPool(options.Threads);
        Arena = new Arena();
    }

    /// <summary>Products use float32 weights and activations.</summary>
    public bool Exact { get; }

    /// <summary>The implementation that runs.</summary>
    public Tier Tier { get; }

    /// <summary>The instructions that products of codes run on, for people: what this tier found on this processor.</summary>
    public string Instructions => Tier switch
    {
        Tier.Reference => "scalar",
        Tier.Portable => $"{VectorBits}-bit vectors",
        Tier.Emitted => Vnni,
        _ => $"{(HasNative(Tier.Amx) ? "AMX-BF16" : "AMX-BF16 computed slowly in vectors")} for prompts, {Vnni}",
    };

    static string Vnni => CpuFeatures.HasAvx512BrainFloats ? "AVX-512 VNNI and BF16" : "AVX-512 VNNI";

    /// <summary>The processor has the instructions of a tier: it runs as it is meant to.</summary>
    public static bool HasNative(Tier tier) => tier switch
    {
        Tier.Amx => EmittedKernels.AreSupported && WidestVectors == 512 && CpuFeatures.HasAmxBf16,
        Tier.Emitted => EmittedKernels.AreSupported && WidestVectors == 512,
        _ => true,
    };

    /// <summary>Bits of the vectors that the portable tier uses.</summary>
    public int VectorBits { get; }

    internal WorkerPool Pool { get; }

    internal Arena Arena { get; }

    /// <summary>The matrix of the latest product with few tokens.</summary>
    internal Ops.Matrix? Latest { get; set; }

    /// <summary>Threads that compute, the calling one included.</summary>
    public int Threads => Pool.Threads;

    /// <summary>The tiers that this processor can run.</summary>
    public static IReadOnlyList<Tier> Tiers => [.. Enum.GetValues<Tier>().Where(HasNative)];

    /// <summary>
    /// Bits of the widest vectors that the portable tier takes here. Wide kernels need the byte products of AVX2 and AVX-512BW. The
    /// runtime does not report 512 bits as accelerated on processors that slow down for them.
    /// </summary>
    public static int WidestVectors => Avx512BW.IsSupported && Vector512.IsHardwareAccelerated ? 512 : Avx2.IsSupported ? 256 : 128;

    /// <summary>A tensor of undefined content, valid until <see cref="Reset"/> or the end of the innermost <see cref="Scope"/>.</summary>
    public Tensor Rent(int rows, int columns) => new(this, Arena.Floats((long)rows * columns), rows, columns, columns);

    /// <summary>
    /// Tensors rented from now on end with the scope: a layer's intermediates, so that a step needs memory for one layer and
    /// finds it in the cache.
    /// </summary>
    public ArenaScope Scope() => new(Arena);

    /// <summary>
    /// Waits for the processors that the threads need, where other models of this process have them; until it is disposed they are
    /// taken. For a step, on one thread.
    /// </summary>
    public ComputeTurn Turn() => new(Threads);

    /// <summary>Gives back all tensors. Called between steps.</summary>
    public void Reset() => Arena.Reset();

    public void Dispose()
    {
        Pool.Dispose();
        Arena.Dispose();
    }
}

/// <summary>Gives back, when disposed, what was rented since it was made.</summary>
public readonly ref struct ArenaScope
{
    readonly Arena arena;
    readonly Arena.Position mark;

    internal ArenaScope(Arena arena) => (this.arena, mark) = (arena, arena.Mark);

    public void Dispose() => arena.Release(mark);
}

/// <summary>Processors that are taken until it is disposed.</summary>
public readonly ref struct ComputeTurn
{
    readonly int threads;

    internal ComputeTurn(int threads) => Turns.OfProcess.Enter(this.threads = threads);

    public void Dispose() => Turns.OfProcess.Leave(threads);
}
