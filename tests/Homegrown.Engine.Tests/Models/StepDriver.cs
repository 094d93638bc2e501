using Homegrown.Engine.Cache;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;

namespace Homegrown.Engine.Tests.Models;

/// <summary>A model driven batch by batch, without planner or sampler: sequences by number, tokens appended at will.</summary>
sealed class StepDriver : IDisposable
{
    readonly ModelSource source;
    readonly Decoder decoder;
    readonly Compute compute;
    readonly PackedWeights packing;
    readonly KvCache cache;
    readonly Batch batch;
    readonly Dictionary<int, (KvLease Lease, int Length)> sequences = [];

    public StepDriver(string path, bool exact, Tier? tier = null, int positions = 512)
    {
        source = LocalModel.Open(path);
        var metadata = new ModelMetadata(source, ModelCatalog.Find(source).Defaults);
        compute = new Compute(new() { Exact = exact, Tier = tier });
        packing = new PackedWeights(compute);
        var weights = new Weights(source, packing);
        var config = ModelConfig.Read(metadata, weights.Rows("token_embd"));
        decoder = ModelCatalog.Find(source).LoadDecoder(exact ? config.AsReference(source) : config, weights);
        cache = new KvCache(decoder.KvShape, positions, exact ? KvType.F32 : KvType.F16, sequences: 2);
        batch = new Batch(compute, cache);
    }

    /// <summary>What the model keeps of its sequences.</summary>
    public KvShape Kept => decoder.KvShape;

    /// <summary>Appends tokens to sequences in one step; the logits of each sequence's last token, in the order given.</summary>
    public float[][] Run(params ReadOnlySpan<(int Sequence, int[] Tokens)> work)
    {
        batch.Clear();
        foreach (var (number, tokens) in work)
        {
            var (lease, length) = sequences.TryGetValue(number, out var known) ? known : (new(), 0);
            Assert.True(cache.TryReserve(lease, length + tokens.Length));
            batch.Add(tokens, length, lease, LogitsOf.Last);
            sequences[number] = (lease, length + tokens.Length);
        }

        var logits = decoder.Forward(batch);
        return [.. Enumerable.Range(0, logits.Rows).Select(row => logits.Row(row).ToArray())];
    }

    /// <summary>Managed bytes that the model takes for one more token.</summary>
    public long Allocated(int sequence, int token)
    {
        var (lease, length) = sequences[sequence];
        batch.Clear();
        Assert.True(cache.TryReserve(lease, length + 1));
        batch.Add([token], length, lease, LogitsOf.Last);
        sequences[sequence] = (lease, length + 1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        decoder.Forward(batch);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <summary>What a sequence is now: its recurrent states and its length.</summary>
    public (StateSnapshot States, int Length) Save(int sequence)
    {
        var (lease, length) = sequences[sequence];
        var snapshot = cache.NewSnapshot();
        cache.Save(lease, snapshot);
        return (snapshot, length);
    }

    /// <summary>Makes a sequence what it was: later positions will be written again.</summary>
    public void Restore(int sequence, (StateSnapshot States, int Length) saved)
    {
        var lease = sequences[sequence].Lease;
        cache.Restore(lease, saved.States);
        sequences[sequence] = (lease, saved.Length);
    }

    /// <summary>Begins another sequence with what one was: its states, and its pages, which that one no longer reads.</summary>
    public void Fork(int from, int to, (StateSnapshot States, int Length) saved)
    {
        var (lease, lent) = (new KvLease(), sequences[from].Lease);
        lease.Pages.AddRange(lent.Pages);
        lease.WindowPages.AddRange(lent.WindowPages.Select(pages => pages.ToList()));
        Assert.True(cache.TryReserve(lease, saved.Length));
        cache.Restore(lease, saved.States);
        sequences[to] = (lease, saved.Length);
    }

    public void Dispose()
    {
        cache.Dispose();
        packing.Dispose();
        compute.Dispose();
        source.Dispose();
    }
}
