using Homegrown.Kernels;

namespace Homegrown.Engine.Layers;

/// <summary>What the router's products become before experts are chosen.</summary>
public enum RouterScores
{
    /// <summary>Over all experts (Shazeer et al. 2017, arXiv 1701.06538).</summary>
    Softmax,

    /// <summary>Each by itself (DeepSeek-V3, arXiv 2412.19437 §2.1.2).</summary>
    Sigmoid,

    /// <summary>sqrt(softplus(x)) (DeepSeek-V4).</summary>
    RootSoftplus,

    /// <summary>Softmax over the chosen ones alone (gpt-oss).</summary>
    SoftmaxOfChosen,

    /// <summary>
    /// One after the other, each weighted by a softmax over those not chosen yet that are near it (SparseMixer-v2, Liu et al. 2024,
    /// arXiv 2409.12136; as Phi-3.5-MoE runs it).
    /// </summary>
    SparseMixer,
}

/// <summary>How experts are chosen and weighted.</summary>
/// <param name="Experts">To choose from.</param>
/// <param name="Used">Chosen for a token.</param>
public sealed record Routing(int Experts, int Used, RouterScores Scores)
{
    /// <summary>SparseMixer: half the distance from the best, in its own size, up to which an expert is near.</summary>
    public float Jitter { get; init; } = 0.01f;

    /// <summary>The chosen weights are divided by their sum.</summary>
    public bool Normalised { get; init; }

    /// <summary>Added to a sum before it divides.</summary>
    public float Floor { get; init; }

    /// <summary>Multiplies the weights, after normalising.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>Groups of neighbouring experts, of which only some are chosen from (DeepSeek-V2, arXiv 2405.04434 §2.2.2).</summary>
    public int Groups { get; init; } = 1;

    public int GroupsUsed { get; init; } = 1;

    /// <summary>A group counts for the sum of its two best (DeepSeek-V3), otherwise for its best.</summary>
    public bool GroupsByTwo { get; init; } = true;
}

/// <summary>Chooses experts for each token by a product; one instance for each layer. It reuses its memory from step to step.</summary>
/// <param name="bias">Added to the scores to choose, not to weigh (Wang et al. 2024, arXiv 2408.15664), [experts]; or empty.</param>
public sealed class Router(Linear gate, Routing routing, float[] bias)
{
    readonly float[] choice = new float[routing.Experts];
    readonly bool[] open = new bool[routing.Experts];

    /// <summary>Multiplies the weights of each expert, last of all, [experts]; or empty.</summary>
    public float[] Scales { get; init; } = [];

    /// <summary>Experts of each token by its id, [vocabulary * used], which no score chooses (DeepSeek-V4 §2.1); empty where scores do.</summary>
    public int[] Table { get; init; } = [];

    /// <summary>Chosen for each token.</summary>
    public int Used => routing.Used;

    /// <summary>Experts and weights of each token, [tokens * used] each.</summary>
    /// <param name="tokens">Their ids.</param>
    public void Choose(Tensor x, ReadOnlySpan<int> tokens, Span<int> experts, Span<float> weights)
    {
        var scores = gate.Forward(x);                                        // [tokens, experts]
        for (var token = 0; token < x.Rows; token++)
            Choose(scores.Row(token), tokens[token], experts.Slice(token * Used, Used), weights.Slice(token * Used, Used));
    }

    void Choose(Span<float> scores, int id, Span<int> experts, Span<float> weights)
    {
        switch (routing.Scores)
        {
            case RouterScores.Softmax: Softmax(scores); break;
            case RouterScores.Sigmoid: foreach (ref var score in scores) score = 1 / (1 + MathF.Exp(-score)); break;
            case RouterScores.RootSoftplus: foreach (ref var score in scores) score = MathF.Sqrt(Softplus(score)); break;
        }

        if (Table.Length > 0) Table.AsSpan(id * Used, Used).CopyTo(experts);
        else TakeBest(scores, experts);
        for (var k = 0; k < Used; k++) weights[k] = scores[experts[k]];
        if (routing.Scores == RouterScores.SparseMixer) SharesOfNear(scores, experts, weights);

        if (routing.Scores == RouterScores.SoftmaxOfChosen) Softmax(weights);
        if (routing.Normalised) Divide(weights, Sum(weights) + routing.Floor);
        foreach (ref var weight in weights) weight *= routing.Scale;
        if (Scales.Length == 0) return;
        for (var k = 0; k < Used; k++) weights[k] *= Scales[experts[k]];
    }

    void TakeBest(Span<float> scores, Span<int> experts)
    {
        for (var i = 0; i < scores.Length; i++) choice[i] = bias.Length > 0 ? scores[i] + bias[i] : scores[i];
        OpenGroups();
        for (var k = 0; k < Used; k++) open[experts[k] = Best()] = false;
    }

    /// <summary>The best open expert, of equals the first.</summary>
    int Best()
    {
        var best = -1;
        for (var i = 0; i < choice.Length; i++)
            if (open[i] && (best < 0 || choice[i] > choice[best])) best = i;
        return best;
    }

    /// <summary>Of each chosen expert among those near it that were not chosen before it.</summary>
    void SharesOfNear(ReadOnlySpan<float> scores, ReadOnlySpan<int> experts, Span<float> weights)
    {
        for (var k = 0; k < Used; k++)
        {
            var (best, sum) = (scores[experts[k]], 0f);
            for (var i = 0; i < scores.Length; i++)
                if (!experts[..k].Contains(i) && best - scores[i] <= 2 * routing.Jitter * MathF.Max(MathF.Abs(scores[i]), best)) sum += MathF.Exp(scores[i] - best);
            weights[k] = 1 / sum;
        }
    }

    void OpenGroups()
    {
        Array.Fill(open, routing.GroupsUsed >= routing.Groups);
        if (routing.GroupsUsed >= routing.Groups) return;
        var size = choice.Length / routing.Groups;
        for (var used = 0; used < routing.GroupsUsed; used++)
        {
            var (best, bestScore) = (-1, 0f);
            for (var group = 0; group < routing.Groups; group++)
                if (!open[group * size] && Score(group) is var score && (best < 0 || score > bestScore)) (best, bestScore) = (group, score);
            open.AsSpan(best * size, size).Fill(true);
        }

        float Score(int group)
        {
            var (first, second) = (float.NegativeInfinity, float.NegativeInfinity);
            foreach (var value in choice.AsSpan(group * size, size))
                if (value > first) (first, second) = (value, first);
                else if (value > second) second = value;
            return routing.GroupsByTwo ? first + second : first;
        }
    }

    static void Softmax(Span<float> values)
    {
        var (largest, sum) = (float.NegativeInfinity, 0.0);
        foreach (var value in values) largest = Math.Max(largest, value);
        foreach (ref var value in values)
        {
            value = MathF.Exp(value - largest);
            sum += value;
        }

        Divide(values, (float)sum);
    }

    static float Sum(Span<float> values)
    {
        var sum = 0.0;
        foreach (var value in values) sum += value;
        return (float)sum;
    }

    static void Divide(Span<float> values, float by)
    {
        foreach (ref var value in values) value /= by;
    }

    static float Softplus(float x) => MathF.Max(x, 0) + MathF.Log(1 + MathF.Exp(-MathF.Abs(x)));
}
