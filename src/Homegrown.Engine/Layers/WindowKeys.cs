using Homegrown.Engine.Cache;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// One key for every window of positions, kept when the window ends: what attends, or chooses, reads it in place of the window's own
/// (compressors of DeepSeek-V4 §2.3; blocks of the indexers of GLM-5-Next and Qwen4-Exp).
/// </summary>
public sealed class WindowKeys
{
    readonly Linear rows;
    readonly bool gated;
    readonly float[] bias;
    readonly PoolOptions options;
    readonly int number, entry, state, columns;

    /// <param name="rows">From the layer's input to what is pooled, [keyDim], twice as much where windows overlap; after it as many gates where it is gated.</param>
    /// <param name="bias">Of the gates, [window, columns]; or empty.</param>
    /// <param name="entry">Of the cache, with keys of <paramref name="keyDim"/>.</param>
    /// <param name="kept">Where the layer adds the sums of its open window.</param>
    public WindowKeys(Linear rows, bool gated, float[] bias, int keyDim, PoolOptions options, int entry, KvShape kept)
    {
        (this.rows, this.gated, this.bias, this.options, this.entry) = (rows, gated, bias, options, entry);
        columns = options.Overlaps ? 2 * keyDim : keyDim;
        number = kept.AddWindow(options.Window);
        state = kept.AddState(PoolWindows.StateFloats(keyDim, options));
    }

    /// <summary>Of what is pooled; null for none.</summary>
    public INorm? RowNorm { get; init; }

    /// <summary>Of the keys; null for none.</summary>
    public INorm? Norm { get; init; }

    /// <summary>Turns a key to the first position of its window; null where positions are not told.</summary>
    public RopeLayer? Rope { get; init; }

    /// <summary>The entry of the keys.</summary>
    internal int Entry => entry;

    /// <summary>The step as these windows see it.</summary>
    public WindowRows Rows(Batch batch) => batch.Windows(number);

    /// <summary>Takes in the step's rows, [tokens, hidden], and keeps the keys of windows that end in it.</summary>
    public void Keep(Tensor x, Batch batch)
    {
        using var scope = x.Compute.Scope();
        var given = rows.Forward(x);
        var pooled = given.Slice(0, columns);
        var keys = PoolWindows.Forward(RowNorm?.Forward(pooled) ?? pooled, gated ? given.Slice(columns, columns) : null, bias, options, batch.State(state), batch.Rows);
        if (keys.Rows == 0) return;
        var windows = Rows(batch);
        keys = Norm?.Forward(keys) ?? keys;
        batch.KeepWindows(entry, Rope?.Apply(keys, windows.Firsts) ?? keys, windows);
    }
}
