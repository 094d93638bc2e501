using Homegrown.Engine.Cache;
using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;

namespace Homegrown.Engine.Evaluation;

/// <summary>
/// The logits of a text's positions, some rows at a time, so that two models can be compared in step without all rows of either.
/// Requests run between its steps. Made by <see cref="LocalModel.Evaluate"/>.
/// </summary>
public sealed class LogitsRun : IDisposable
{
    /// <summary>Rows of logits that a step makes at most.</summary>
    public const int MostRows = 64;

    const int Chunk = 512;     // tokens of a step that makes none

    readonly EngineLoop engine;
    readonly Decoder decoder;
    readonly KvCache cache;
    readonly Batch batch;
    readonly int[] tokens;
    readonly KvLease lease = new();
    readonly int first;
    int done;

    internal LogitsRun(EngineLoop engine, Decoder decoder, Compute compute, KvType kvType, IReadOnlyList<int> tokens, int first)
    {
        (this.engine, this.decoder, this.tokens, this.first) = (engine, decoder, [.. tokens], first);
        cache = new KvCache(decoder.KvShape, tokens.Count, kvType);
        cache.TryReserve(lease, tokens.Count);
        batch = new Batch(compute, cache);
    }

    /// <summary>Runs on to the next rows: <paramref name="row"/> gets (position, [vocabulary]) of each, in order, before this returns.</summary>
    /// <returns>False when there are none left.</returns>
    public bool Next(Action<int, ReadOnlySpan<float>> row)
    {
        if (done == tokens.Length) return false;
        engine.Exclusively(() =>
        {
            while (done < first) Forward(Math.Min(Chunk, first - done), LogitsOf.None);
            var from = done;
            var logits = Forward(Math.Min(MostRows, tokens.Length - done), LogitsOf.All);
            for (var i = 0; i < logits.Rows; i++) row(from + i, logits.Row(i));
        });
        return true;
    }

    public void Dispose() => cache.Dispose();

    Tensor Forward(int count, LogitsOf wanted)
    {
        batch.Clear();
        batch.Add(tokens.AsSpan(done, count), done, lease, wanted);
        done += count;
        using var turn = batch.Compute.Turn();
        return decoder.Forward(batch);
    }
}
