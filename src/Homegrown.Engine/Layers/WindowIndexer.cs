using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// The lightning indexer (DeepSeek-V3.2, arXiv 2512.02556 §2.1) over windows: small heads of queries against one key of each window decide
/// which of them a row attends to (DeepSeek-V4 §2.3.1 eq. 13 to 17).
/// </summary>
/// <param name="queries">From the latent of the attention's queries, or their input, to [heads * keyDim].</param>
/// <param name="weights">From the attention's input to [heads]; null where all heads weigh the same.</param>
public sealed class WindowIndexer(Linear queries, Linear? weights, WindowKeys keys, IndexerOptions options, WindowChoices choices)
{
    /// <summary>Of each head of queries; null for none.</summary>
    public INorm? QueryNorm { get; init; }

    /// <summary>Turns queries; null where positions are not told.</summary>
    public RopeLayer? Rope { get; init; }

    /// <summary>The step as the windows see it.</summary>
    public WindowRows Rows(Batch batch) => keys.Rows(batch);

    /// <summary>The best windows of each row; null where all rows attend to all that they see.</summary>
    /// <param name="x">The attention's input, [tokens, hidden].</param>
    /// <param name="from">What queries come from, [tokens, queryRank or hidden].</param>
    public KeyChoice? Choose(Tensor x, Tensor from, Batch batch)
    {
        using var scope = x.Compute.Scope();
        keys.Keep(x, batch);
        var q = queries.Forward(from);                                       // [tokens, heads * keyDim]
        q = QueryNorm?.Forward(q) ?? q;
        q = Rope?.Apply(q, batch) ?? q;
        return batch.ChooseWindows(keys.Entry, q, weights?.Forward(x) ?? Ones(q), Rows(batch), options, choices.Windows);
    }

    Tensor Ones(Tensor q)
    {
        var ones = q.Compute.Rent(q.Rows, options.Heads);
        for (var row = 0; row < q.Rows; row++) ones.Row(row).Fill(1);
        return ones;
    }
}

/// <summary>
/// Lists of chosen windows and positions, which the layers of a model fill in turn: one of each for all. As an indexer of its own it takes over
/// what the last <see cref="WindowChooser"/> chose, for layers without one (GLM-5, arXiv 2603.12201).
/// </summary>
public sealed class WindowChoices : IKeyChooser
{
    internal KeyChoice Windows { get; } = new();

    internal KeyChoice? Latest { get; set; }

    readonly KeyChoice lists = new();

    public KeyChoice? Choose(Tensor x, Tensor queries, Batch batch) => Latest;

    /// <summary>
    /// Each row attends to windows, and to the last positions up to its own: both as <see cref="WindowRows.Joined"/> has them.
    /// </summary>
    /// <param name="chosen">Of the windows that a row sees; null for all.</param>
    /// <param name="positions">How many.</param>
    public KeyChoice Join(KeyChoice? chosen, int positions, WindowRows windows, Batch batch)
    {
        lists.Clear();
        for (var row = 0; row < batch.Positions.Length; row++)
        {
            var position = batch.Positions[row];
            var (seen, near) = (windows.Count(position), Math.Min(position + 1, positions));
            var count = chosen is null ? seen : Math.Min(seen, chosen[row].Length);      // of none at all an indexer chooses one
            var list = lists.Add(count + near);
            for (var i = 0; i < count; i++) list[i] = chosen is null ? i : chosen[row][i];
            for (var i = 0; i < near; i++) list[count + i] = windows.Shift(row) + position + 1 - near + i;
        }

        return lists;
    }

    /// <summary>The positions of chosen windows, and those of the one that is open at a row.</summary>
    public KeyChoice Open(KeyChoice chosen, WindowRows windows, Batch batch)
    {
        lists.Clear();
        for (var row = 0; row < batch.Positions.Length; row++)
        {
            var end = batch.Positions[row] + 1;
            var seen = windows.Count(end - 1);
            var own = chosen[row][..Math.Min(seen, chosen[row].Length)];
            var list = lists.Add((own.Length * windows.Length) + end - (seen * windows.Length));
            var i = 0;
            foreach (var window in own)
                for (var place = 0; place < windows.Length; place++) list[i++] = (window * windows.Length) + place;
            for (var position = seen * windows.Length; position < end; position++) list[i++] = position;
        }

        return lists;
    }
}

/// <summary>Attends to the positions of the windows that an indexer chose, and always to those of the open one (GLM-5-Next, Qwen4-Exp).</summary>
public sealed class WindowChooser(WindowIndexer indexer, WindowChoices choices) : IKeyChooser
{
    public KeyChoice? Choose(Tensor x, Tensor queries, Batch batch)
        => choices.Latest = indexer.Choose(x, queries, batch) is { } chosen ? choices.Open(chosen, indexer.Rows(batch), batch) : null;
}
