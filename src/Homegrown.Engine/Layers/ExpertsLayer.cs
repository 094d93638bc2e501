using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// A mixture of experts: each token passes through a few of many feed-forward blocks, and the shared ones, if any. Tokens are brought
/// together by expert, so that each expert's weights are read once a step, and all experts are one dispatch to the threads. Experts beyond
/// those with weights give back their input.
/// </summary>
public sealed class ExpertsLayer(Router router, IReadOnlyList<Linear> gateUps, IReadOnlyList<Linear> downs, Gate gate) : IFeedForward
{
    // A use is a token through one expert. ends: of each expert's uses, sorted by expert. sources: the tokens of the sorted uses. places: where
    // the uses of a token are among the sorted ones.
    readonly int[] ends = new int[gateUps.Count];
    readonly GroupedLinear gateUp = new(gateUps), down = new(downs);
    int[] chosen = [], sources = [], places = [];
    float[] weights = [], returned = [];

    /// <summary>Runs for every token, and is added.</summary>
    public IFeedForward? Shared { get; init; }

    /// <summary>Multiplies what the shared block gives by a sigmoid of one product (Qwen2-MoE).</summary>
    public Linear? SharedGate { get; init; }

    /// <summary>Of experts without gates, whose first product passes through this alone; null where they have gates.</summary>
    public Activation? Plain { get; init; }

    /// <summary>Into the narrower space in which the routed experts work, and back; null where that is the stream's.</summary>
    public (Linear In, Linear Out)? Latent { get; init; }

    public Tensor Forward(Tensor x, Batch batch) => Forward(x, x, batch);

    /// <param name="judged">What the router sees, where it is another norm of the stream (Gemma 4).</param>
    public Tensor Forward(Tensor x, Tensor judged, Batch batch)
    {
        Sort(judged, batch.Tokens);
        var y = Latent is { } latent ? latent.Out.Forward(Routed(latent.In.Forward(x))) : Routed(x);
        if (Shared is not { } shared) return y;
        var always = shared.Forward(x, batch);
        if (SharedGate is { } open) Multiply.Forward(always, Activate.Forward(open.Forward(x), Activation.Sigmoid));
        y += always;
        return y;
    }

    /// <summary>The sum of what the chosen experts give.</summary>
    Tensor Routed(Tensor x)
    {
        if (router.Experts == ends.Length) return Computed(x);
        var y = ends[^1] > 0 ? Computed(x) : x.Compute.Rent(x.Rows, x.Columns);
        for (var token = 0; token < y.Rows; token++)
        {
            if (ends[^1] == 0) y.Row(token).Clear();
            Add(returned[token], x.Row(token), y.Row(token));
        }

        return y;
    }

    Tensor Computed(Tensor x)
    {
        var inner = gateUp.Forward(x, sources, ends);
        var result = Plain is { } activation ? down.Forward(Activate.Forward(inner, activation), ends) : down.Forward(inner, gate, ends);
        return WeightedSum.Forward(result, x.Rows, router.Used, places, weights);
    }

    static void Add(float weight, ReadOnlySpan<float> x, Span<float> y)
    {
        for (var i = 0; i < y.Length; i++) y[i] += weight * x[i];
    }

    /// <summary>Chooses, and sorts the uses by expert; those of experts without weights become the share of a token that is returned.</summary>
    void Sort(Tensor x, ReadOnlySpan<int> tokens)
    {
        var count = x.Rows * router.Used;
        if (chosen.Length < count) (chosen, sources, places, weights) = (new int[count], new int[count], new int[count], new float[count]);
        router.Choose(x, tokens, chosen.AsSpan(0, count), weights.AsSpan(0, count));
        if (returned.Length < x.Rows) returned = new float[x.Rows];
        Array.Clear(ends);
        Array.Clear(returned);
        for (var i = 0; i < count; i++)
        {
            if (chosen[i] < ends.Length) ends[chosen[i]]++;
            else (returned[i / router.Used], weights[i], places[i]) = (returned[i / router.Used] + weights[i], 0, 0);
        }

        for (int expert = 0, sum = 0; expert < ends.Length; expert++) (ends[expert], sum) = (sum, sum + ends[expert]);
        for (var i = 0; i < count; i++) if (chosen[i] < ends.Length) sources[places[i] = ends[chosen[i]]++] = i / router.Used;
    }
}
