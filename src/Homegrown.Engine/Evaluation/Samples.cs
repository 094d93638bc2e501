namespace Homegrown.Engine.Evaluation;

/// <summary>Numbers, one a position, and what they amount to.</summary>
public sealed class Samples
{
    readonly List<double> values = [];
    double[]? sorted;

    public int Count => values.Count;

    public double Mean => values.Count == 0 ? 0 : values.Sum() / values.Count;

    /// <summary>Of the mean, taking the positions as independent: their deviation over the root of their number.</summary>
    public double StandardError
    {
        get
        {
            if (values.Count < 2) return 0;
            var mean = Mean;
            return Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1) / values.Count);
        }
    }

    public void Add(double value)
    {
        values.Add(value);
        sorted = null;
    }

    /// <summary>The value below which a share of the others lies, between neighbours in proportion: 0 the least, 1 the most.</summary>
    /// <exception cref="InvalidOperationException">There are no values.</exception>
    public double Quantile(double share)
    {
        if (values.Count == 0) throw new InvalidOperationException("There are no values.");
        sorted ??= [.. values.Order()];
        var at = share * (sorted.Length - 1);
        var below = (int)at;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((at - below) * (sorted[above] - sorted[below]));
    }
}
