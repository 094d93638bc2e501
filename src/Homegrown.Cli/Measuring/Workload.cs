namespace Homegrown.Cli.Measuring;

/// <summary>What a benchmark does in each of its runs: each prompt by itself, then generation alone.</summary>
/// <param name="Prompts">Tokens of each prompt.</param>
/// <param name="Generate">Tokens generated one by one.</param>
/// <param name="Depth">Positions in the cache before the first of them (llama-bench's -d).</param>
/// <param name="Runs">Runs that count, after one to warm up.</param>
sealed record Workload(IReadOnlyList<int> Prompts, int Generate, int Depth, int Runs)
{
    /// <summary>Positions filled before generation; a generation needs one to begin with.</summary>
    public int Before => Math.Max(Depth, 1);

    /// <summary>Tokens of a run.</summary>
    public int Tokens => Prompts.Sum() + Before + Generate;

    /// <summary>Tokens of all runs, and of the one to warm up.</summary>
    public int AllTokens => checked(Tokens * (Runs + 1));

    /// <summary>As much of it as the reference tier, a thousand times slower, does in some seconds.</summary>
    public Workload Shorter => new([.. Prompts.Select(prompt => Math.Min(prompt, 4))], Math.Min(Generate, 2), Math.Min(Depth, 4), 1);

    /// <summary>Positions that the longest request needs, its first generated token included.</summary>
    public int Positions => Math.Max(Prompts.Max(), Before + Generate) + 1;
}

/// <summary>The middle of several figures, and how far they go.</summary>
readonly record struct Spread(double Median, double Least, double Most)
{
    public static Spread Of(IEnumerable<double> figures)
    {
        var sorted = figures.Order().ToList();
        var middle = sorted.Count / 2;
        var median = sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new(Math.Round(median, 3), Math.Round(sorted[0], 3), Math.Round(sorted[^1], 3));
    }
}
