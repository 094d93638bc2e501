namespace Homegrown.Engine.Sampling;

/// <summary>
/// The tokens that may come next, with their logits: what the steps of a chain work on. A token with a logit of minus infinity is
/// not in it. Logits are float64, so that a low temperature or a chain of steps loses nothing. Buffers are reused from row to row:
/// after the first row of a vocabulary nothing is allocated.
/// </summary>
/// <remarks>
/// Candidates come in order of id. Steps that need them best first (largest logit first, equal logits by lower id) ask for as many
/// as they need, and only those are sorted.
/// </remarks>
public sealed class Candidates
{
    const int DrawBlock = 512;

    int[] ids = [];
    double[] logits = [];
    int sorted; // so many at the front are the best, in order
    bool byId = true;
    bool banned; // some are at minus infinity, for the length of a step

    /// <summary>How many are still in.</summary>
    public int Count { get; private set; }

    /// <summary>Length of the logits row.</summary>
    public int VocabularySize { get; private set; }

    /// <summary>Token ids, [Count].</summary>
    public ReadOnlySpan<int> Ids => ids.AsSpan(0, Count);

    /// <summary>Logits (natural logarithm, any offset), [Count]; finite.</summary>
    public ReadOnlySpan<double> Logits => logits.AsSpan(0, Count);

    /// <summary>Starts anew with a model's logits, [vocabulary].</summary>
    /// <exception cref="SamplingException">A logit is NaN or plus infinity, or all are minus infinity.</exception>
    public void Load(ReadOnlySpan<float> row)
    {
        if (ids.Length < row.Length) (ids, logits) = (new int[row.Length], new double[row.Length]);
        var count = 0;
        for (var id = 0; id < row.Length; id++)
        {
            var logit = row[id];
            if (!(logit < float.PositiveInfinity)) throw new SamplingException($"The model's logit of token {id} is {logit}: no token can be drawn.");
            ids[count] = id;
            logits[count] = logit;
            if (logit != float.NegativeInfinity) count++;
        }
        (Count, VocabularySize, sorted, byId, banned) = (count, row.Length, 0, true, false);
        RequireAny();
    }

    /// <summary>Where a token is, or -1.</summary>
    public int IndexOf(int id) => byId ? Math.Max(-1, Ids.BinarySearch(id)) : Ids.IndexOf(id);

    /// <summary>ln of the sum of e^logit: the probability of a candidate is e^(logit - LogSum).</summary>
    public double LogSum() => LogSumExp.Of(Logits);

    /// <summary>Entropy of the candidates' distribution, in nats.</summary>
    public double Entropy(double logSum) => LogSumExp.Entropy(Logits, logSum);

    /// <summary>The largest logit.</summary>
    public double Max() => sorted > 0 ? logits[0] : LogSumExp.Max(Logits);

    /// <summary>The logit at a rank, 0 the best; sorts no further than it must.</summary>
    public double Best(int rank)
    {
        if (rank < sorted) return logits[rank];
        PartialSort.Reach(logits.AsSpan(0, Count), ids.AsSpan(0, Count), ref sorted, rank);
        byId = false;
        return logits[rank];
    }

    /// <summary>Keeps the <paramref name="count"/> best (at least one).</summary>
    public void KeepBest(int count)
    {
        count = Math.Clamp(count, 1, Count);
        if (count == Count) return;
        if (count > sorted)
        {
            PartialSort.BestFirst(logits.AsSpan(sorted, Count - sorted), ids.AsSpan(sorted, Count - sorted), count - sorted);
            byId = false;
        }
        (Count, sorted) = (count, count);
    }

    /// <summary>Keeps the best, up to and with the one at which the sum of their weights reaches a mass, and at least <paramref name="minKeep"/>.</summary>
    /// <param name="mass">What they weigh together.</param>
    /// <param name="weights">The weight of each candidate, [Count]; comes back in another order.</param>
    /// <param name="minKeep">The least number that stays.</param>
    public void KeepMass(double mass, Span<double> weights, int minKeep = 1)
    {
        var kept = MassSelection.Reach(logits.AsSpan(0, Count), ids.AsSpan(0, Count), weights, mass);
        (sorted, byId) = (0, false);
        if (kept < minKeep) KeepBest(minKeep);
        else Count = kept;
    }

    /// <summary>Keeps the logits from <paramref name="threshold"/> up, the best always, and at least <paramref name="minKeep"/>.</summary>
    public void KeepFrom(double threshold, int minKeep = 1)
    {
        if (minKeep > 1 && Best(Math.Min(minKeep, Count) - 1) < threshold)
        {
            KeepBest(minKeep);
            return;
        }
        threshold = Math.Min(threshold, Max());
        var (kept, keptSorted) = (0, 0);
        for (var i = 0; i < Count; i++)
        {
            if (logits[i] < threshold) continue;
            (ids[kept], logits[kept]) = (ids[i], logits[i]);
            kept++;
            if (i < sorted) keptSorted = kept;
        }
        (Count, sorted) = (kept, keptSorted);
    }

    /// <summary>Keeps the candidates at these indices (at least one), which come back in rising order.</summary>
    public void KeepAt(Span<int> indices)
    {
        indices.Sort();
        var keptSorted = 0;
        for (var i = 0; i < indices.Length; i++)
        {
            (ids[i], logits[i]) = (ids[indices[i]], logits[indices[i]]);
            if (indices[i] < sorted) keptSorted = i + 1;
        }
        (Count, sorted) = (indices.Length, keptSorted);
        RequireAny();
    }

    /// <summary>Removes the <paramref name="count"/> best.</summary>
    public void RemoveBest(int count)
    {
        if (count <= 0) return;
        _ = Best(count - 1);
        ids.AsSpan(count, Count - count).CopyTo(ids);
        logits.AsSpan(count, Count - count).CopyTo(logits);
        (Count, sorted) = (Count - count, sorted - count);
        RequireAny();
    }

    /// <summary>Changes one logit. Minus infinity bans the token; call <see cref="RemoveBanned"/> after a step's last ban.</summary>
    public void Set(int index, double logit) => (logits[index], sorted, banned) = (logit, 0, banned || logit == double.NegativeInfinity);

    /// <summary>Removes the candidates that are at minus infinity.</summary>
    /// <exception cref="SamplingException">None is left.</exception>
    public void RemoveBanned()
    {
        if (!banned) return;
        KeepFrom(double.MinValue);
        banned = false;
        if (logits[0] == double.NegativeInfinity) throw new SamplingException("All tokens are banned: nothing is left to draw from.");
    }

    /// <summary>Divides all logits by a positive number.</summary>
    public void Divide(double divisor)
    {
        foreach (ref var logit in logits.AsSpan(0, Count)) logit /= divisor;
    }

    /// <summary>The index of the candidate that a uniform number of [0, 1) falls on, walking through the probabilities in order.</summary>
    /// <exception cref="SamplingException">A step left logits that are not finite.</exception>
    public int Draw(double uniform)
    {
        var max = Max();
        var total = 0.0;
        for (var start = 0; start < Count; start += DrawBlock) total += BlockSum(start, max);
        if (!(total >= 1 && total < double.PositiveInfinity)) throw new SamplingException("The sampler chain left logits that are not finite.");

        // The sums are those of the loop above, and uniform * total is below total: the walk ends inside the last block at the latest.
        var (target, reached) = (uniform * total, 0.0);
        for (var start = 0; ; start += DrawBlock)
        {
            var next = reached + BlockSum(start, max);
            if (target < next) return start + DrawIn(Block(start), max, target - reached);
            reached = next;
        }
    }

    ReadOnlySpan<double> Block(int start) => Logits.Slice(start, Math.Min(DrawBlock, Count - start));

    double BlockSum(int start, double max) => LogSumExp.Sum(Block(start), max);

    static int DrawIn(ReadOnlySpan<double> block, double max, double rest)
    {
        var last = 0; // single additions may fall short of the block's sum by a rounding
        for (var i = 0; i < block.Length; i++)
        {
            var weight = Math.Exp(block[i] - max);
            if (rest < weight) return i;
            rest -= weight;
            if (weight > 0) last = i;
        }
        return last;
    }

    void RequireAny()
    {
        if (Count == 0) throw new SamplingException("All logits are minus infinity: nothing is left to draw from.");
    }
}
