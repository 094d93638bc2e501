using BenchmarkDotNet.Attributes;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Benchmarks;

/// <summary>Attention of one layer on one thread: 14 heads on 2 of keys and values, headDim 64.</summary>
public class Attending : IDisposable
{
    static readonly AttentionShape Shape = new(14, 2, 64);

    readonly Compute compute = new(new() { Threads = 1 });
    readonly RaggedRows rows = new();
    KvPages? pages;
    Tensor q, k, v;

    /// <summary>Of the step; one token stands behind 512 positions, many at the start.</summary>
    [Params(1, 512)]
    public int Tokens { get; set; }

    [Params(KvType.F16, KvType.Q8_0)]
    public KvType Cache { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        const int Positions = 1024;
        pages = new(Positions / KvPages.PageSize, Shape.KvHeads, Shape.KeyDim, Cache);
        rows.Add(Tokens, Tokens == 1 ? 512 : 0, Enumerable.Range(0, pages.Pages).ToArray());
        q = Inputs.Rent(compute, Tokens, Shape.Heads * Shape.KeyDim);
        k = Inputs.Rent(compute, Tokens, Shape.KvHeads * Shape.KeyDim);
        v = Inputs.Rent(compute, Tokens, Shape.KvHeads * Shape.KeyDim);
    }

    [Benchmark]
    public float Attend()
    {
        using var scope = compute.Scope();
        return Attention.Forward(q, k, v, pages!, rows, Shape).Row(0)[0];
    }

    [GlobalCleanup]
    public void Dispose()
    {
        pages?.Dispose();
        compute.Dispose();
        GC.SuppressFinalize(this);
    }
}
