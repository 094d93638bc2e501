using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// DeepSeek-V4's attention (technical report, 2026, §2.3). One head of keys, which are their own values, serves all queries; a row sees the
/// last positions and, of all before, one key for each window: those that an indexer chooses of short windows that overlap, or all of long
/// ones. Keys carry the turn of their positions into the sum, so that what comes out is turned back by the row's own. Heads leave in groups,
/// each through a narrow product of its own.
/// </summary>
/// <param name="entry">Of the cache: latent, as wide as a head.</param>
/// <param name="down">From [hidden] to the latent of queries and the key, side by side.</param>
/// <param name="queryUp">From that latent to [heads * keyDim].</param>
/// <param name="groups">Of heads, to [groups * rank].</param>
/// <param name="output">From there to [hidden].</param>
public sealed class CompressedAttention(int entry, AttentionShape shape, int positions, Linear down, Linear queryUp, HeadLinear groups, Linear output) : IMixer
{
    /// <summary>Of the latent of queries.</summary>
    public required INorm LatentNorm { get; init; }

    /// <summary>Of each head of queries.</summary>
    public required INorm QueryNorm { get; init; }

    public required INorm KeyNorm { get; init; }

    /// <summary>Turns the end of heads, and of keys.</summary>
    public required RopeLayer Rope { get; init; }

    /// <summary>Turns results back.</summary>
    public required RopeLayer Back { get; init; }

    /// <summary>One more score for each head.</summary>
    public required float[] Sinks { get; init; }

    /// <summary>Keys of windows, in the attention's own entry; null where a row sees the last positions only.</summary>
    public WindowKeys? Windows { get; init; }

    /// <summary>Chooses among them; null for all.</summary>
    public WindowIndexer? Indexer { get; init; }

    /// <summary>Where lists are made.</summary>
    public required WindowChoices Choices { get; init; }

    AttentionOptions? joined, near;

    public Tensor Forward(Tensor x, Batch batch)
    {
        var lower = down.Forward(x);                                         // [tokens, queryRank | keyDim]
        var latent = LatentNorm.Forward(lower.Slice(0, lower.Columns - shape.KeyDim));
        var q = Rope.Apply(QueryNorm.Forward(queryUp.Forward(latent)), batch);
        var k = Rope.Apply(KeyNorm.Forward(lower.Slice(lower.Columns - shape.KeyDim, shape.KeyDim)), batch);
        var y = Windows is { } windows ? Joined(x, latent, q, k, windows, batch) : batch.Attend(entry, q, k, default, shape, near ??= new() { Window = positions, Sinks = Sinks });
        return output.Forward(groups.Forward(Back.Apply(y, batch)));
    }

    Tensor Joined(Tensor x, Tensor latent, Tensor q, Tensor k, WindowKeys windows, Batch batch)
    {
        windows.Keep(x, batch);
        var rows = windows.Rows(batch);
        var choice = Choices.Join(Indexer?.Choose(x, latent, batch), positions, rows, batch);
        return batch.AttendWindows(entry, q, k, rows, shape, joined ??= new() { Sinks = Sinks }, choice);
    }
}
