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

    /// <summary>Float32 weights and activations throughout: no 8-bit products. For comparing with references.</summary>
    public bool Exact { get; init; }
}

/// <summary>
/// What one engine computes with: threads, an arena for activations, and the choice of kernels. One step at a time uses it;
/// tensors live until the next <see cref="Reset"/>.
/// </summary>
public sealed unsafe class Compute : IDisposable
{
    public Compute(ComputeOptions? options = null)
    {
        options ??= new ComputeOptions();
        Exact = options.Exact;
        Tier = options.Tier ?? Tier.Portable;
        Pool = new WorkerPool(options.Threads);
        Arena = new Arena();
    }

    /// <summary>Products use float32 weights and activations.</summary>
    public bool Exact { get; }

    /// <summary>The implementation that runs.</summary>
    public Tier Tier { get; }

    internal WorkerPool Pool { get; }

    internal Arena Arena { get; }

    /// <summary>Threads that compute, the calling one included.</summary>
    public int Threads => Pool.Threads;

    /// <summary>A tensor of undefined content, valid until <see cref="Reset"/>.</summary>
    public Tensor Rent(int rows, int columns) => new(this, Arena.Floats((long)rows * columns), rows, columns, columns);

    /// <summary>Gives back all tensors. Called between steps.</summary>
    public void Reset() => Arena.Reset();

    public void Dispose()
    {
        Pool.Dispose();
        Arena.Dispose();
    }
}
