using BenchmarkDotNet.Attributes;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Benchmarks;

/// <summary>What stands between products, on one thread: rows of 896 numbers, 14 heads of 64.</summary>
public class SmallOperations : IDisposable
{
    const int Columns = 896, HeadDim = 64;

    readonly Compute compute = new(new() { Threads = 1 });
    readonly float[] weight = Inputs.Values(Columns);
    Tensor x, rotations;

    [Params(1, 512)]
    public int Tokens { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        x = Inputs.Rent(compute, Tokens, Columns);
        var frequencies = Enumerable.Range(0, HeadDim / 2).Select(i => Math.Pow(10_000, -2.0 * i / HeadDim)).ToArray();
        rotations = Rope.Rotations(compute, Enumerable.Range(0, Tokens).ToArray(), frequencies, 1);
    }

    [Benchmark]
    public float Norm()
    {
        using var scope = compute.Scope();
        return RmsNorm.Forward(x, weight, 1e-6f).Row(0)[0];
    }

    [Benchmark]
    public void Rotate() => Rope.Rotate(x, HeadDim, rotations, RopePairing.Halves);

    [GlobalCleanup]
    public void Dispose()
    {
        compute.Dispose();
        GC.SuppressFinalize(this);
    }
}
