using BenchmarkDotNet.Attributes;
using Homegrown.Engine.Sampling;

namespace Homegrown.Benchmarks;

/// <summary>Drawing a token from the logits of a large vocabulary.</summary>
public class Sampling
{
    readonly float[] logits = Inputs.Values(151_936);
    SamplerChain? chain;

    [Params(0f, 0.8f)]
    public float Temperature { get; set; }

    [GlobalSetup]
    public void Prepare() => chain = new(new SamplingOptions { Temperature = Temperature, Seed = 1 }, logits.Length);

    [Benchmark]
    public int Draw() => chain!.Sample(logits);
}
