using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// A mixture of experts: each token passes through a few of many feed-forward blocks, and the shared ones, if any. Tokens are brought
/// together by expert, so that each expert's weights are read once a step.
/// </summary>
public sealed class ExpertsLayer(Router router, IReadOnlyList<Linear> gateUps, IReadOnlyList<Linear> downs, Gate gate) : IFeedForward
{
    readonly int[] ends = new int[gateUps.Count];
    int[] chosen = [], rows = [];
    float[] weights = [];

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
        var y = x.Compute.Rent(x.Rows, x.Columns);
        for (var row = 0; row < y.Rows; row++) y.Row(row).Clear();
        for (int expert = 0, first = 0; expert < ends.Length; first = ends[expert++])
            if (ends[expert] > first) Run(expert, x, y, rows.AsSpan(first, ends[expert] - first));
        return y;
    }

    /// <summary>One expert on its tokens; <paramref name="uses"/> are token * used + rank.</summary>
    void Run(int expert, Tensor x, Tensor y, ReadOnlySpan<int> uses)
    {
        using var scope = x.Compute.Scope();
        var own = x.Compute.Rent(uses.Length, x.Columns);
        for (var i = 0; i < uses.Length; i++) x.Row(uses[i] / router.Used).CopyTo(own.Row(i));
        var inner = gateUps[expert].Forward(own);
        var result = downs[expert].Forward(Plain is { } activation ? Activate.Forward(inner, activation) : Gated.Forward(inner, gate));
        for (var i = 0; i < uses.Length; i++)
        {
            Span<float> to = y.Row(uses[i] / router.Used), from = result.Row(i);
            var weight = weights[uses[i]];
            for (var column = 0; column < to.Length; column++) to[column] += weight * from[column];
        }
    }

    /// <summary>Chooses, and sorts the uses by expert: those of expert e end at ends[e] in rows.</summary>
    void Sort(Tensor x, ReadOnlySpan<int> tokens)
    {
        var count = x.Rows * router.Used;
        if (chosen.Length < count) (chosen, rows, weights) = (new int[count], new int[count], new float[count]);
        router.Choose(x, tokens, chosen.AsSpan(0, count), weights.AsSpan(0, count));
        Array.Clear(ends);
        for (var i = 0; i < count; i++) ends[chosen[i]]++;
        for (int expert = 0, sum = 0; expert < ends.Length; expert++) (ends[expert], sum) = (sum, sum + ends[expert]);
        for (var i = 0; i < count; i++) rows[ends[chosen[i]]++] = i;
    }
}
