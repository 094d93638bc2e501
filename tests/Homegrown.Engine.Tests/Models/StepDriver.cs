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
        decoder = ModelCatalog.Find(source).LoadDecoder(ModelConfig.Read(metadata, weights.Rows("token_embd")) with { HalfGelu = exact && source is GgufSource }, weights);
        cache = new KvCache(decoder.KvShape, positions, exact ? KvType.F32 : KvType.F16, sequences: 2);
        batch = new Batch(compute, cache);
    }

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

    public void Dispose()
    {
        cache.Dispose();
        packing.Dispose();
        compute.Dispose();
        source.Dispose();
    }
}
