using Homegrown.Engine.Cache;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// The lightning indexer (DeepSeek-V3.2, arXiv 2512.02556 §2.1): small heads of queries against one head of keys of its own, kept
/// beside those of the attention, decide which positions a row attends to.
/// </summary>
/// <param name="queryUp">From the latent of the attention's queries to [heads * keyDim].</param>
/// <param name="keyDown">From the attention's input to [keyDim].</param>
/// <param name="keyNorm">Of a key, before it turns.</param>
/// <param name="weights">From the attention's input to [heads].</param>
/// <param name="rope">Made for heads of keyDim.</param>
/// <param name="latest">Where the choice is made: one for all layers of a model.</param>
/// <param name="entry">Of the cache: one head of keyDim, without values.</param>
public sealed class KeyIndexer(Linear queryUp, Linear keyDown, INorm keyNorm, Linear weights, RopeLayer rope, IndexerOptions options, LatestChoice latest, int entry) : IKeyChooser
{
    /// <summary>Adds the entry of an indexer's keys.</summary>
    public static int Entry(KvShape kept, int keyDim) => kept.Add(new KvEntry(1, keyDim, 0));

    public KeyChoice? Choose(Tensor x, Tensor queries, Batch batch)
    {
        using var scope = x.Compute.Scope();
        batch.Keep(entry, rope.Apply(keyNorm.Forward(keyDown.Forward(x)), batch));
        return latest.Current = batch.Choose(entry, rope.Apply(queryUp.Forward(queries), batch), weights.Forward(x), options, latest.Lists);
    }
}

/// <summary>
/// The choice that the last indexer of a step made. Layers without an indexer of their own take it over (IndexCache, arXiv 2603.12201);
/// one for a model, so that the lists of one layer are all that a step keeps.
/// </summary>
public sealed class LatestChoice : IKeyChooser
{
    internal KeyChoice Lists { get; } = new();

    internal KeyChoice? Current { get; set; }

    public KeyChoice? Choose(Tensor x, Tensor queries, Batch batch) => Current;
}
