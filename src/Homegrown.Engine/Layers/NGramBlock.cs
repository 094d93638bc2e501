using Homegrown.Engine.Cache;
using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// What the last few tokens mean together, added to all streams before a layer (Qwen4-Exp; after Engram, Cheng et al. 2026, arXiv 2601.07372
/// §2.3): hashed embeddings give a value, which each stream takes in as far as a key of its own meets it, and a short convolution that
/// looks back in steps of as many tokens as are hashed.
/// </summary>
public sealed class NGramBlock : IBlock
{
    const float LeastGate = 1e-6f;

    readonly IBlock block;
    readonly NGramHash hash;
    readonly int streams, tokens;
    readonly float epsilon;
    readonly float[] keyGains, queryGains, convolvedGains;
    readonly ShortConvolution history, convolution;
    readonly Linear product;
    readonly int[] ids;

    /// <summary>Takes ple_key and ple_value, ple_norm_key, ple_norm_query and ple_norm_conv, ple_conv1d.</summary>
    /// <param name="tokens">That are hashed together at most.</param>
    /// <param name="width">Taps of the convolution.</param>
    public NGramBlock(IBlock block, Weights w, ModelConfig c, NGramHash hash, int streams, int tokens, int width, KvShape kept)
    {
        (this.block, this.hash, this.streams, this.tokens, epsilon, ids) = (block, hash, streams, tokens, c.NormEpsilon, new int[tokens]);
        var all = streams * c.Hidden;
        product = w.Fused(hash.Width, ("ple_key", all), ("ple_value", c.Hidden));
        (keyGains, queryGains, convolvedGains) = (w.Vector("ple_norm_key", all), w.Vector("ple_norm_query", all), w.Vector("ple_norm_conv", all));
        convolution = new(Spread(w.Matrix("ple_conv1d", all, width), width, tokens), [], all, silu: true, kept);

        // Channel k of this convolution is what came k tokens before: ids + 1, so that 0 is before the text. Exact below 2^24.
        var shifts = new float[tokens * tokens];
        for (var back = 0; back < tokens; back++) shifts[(back * tokens) + tokens - 1 - back] = 1;
        history = new(shifts, [], tokens, silu: false, kept);
    }

    public void Forward(Tensor x, Batch batch)
    {
        using (x.Compute.Scope()) x += Injected(x, batch);
        block.Forward(x, batch);
    }

    Tensor Injected(Tensor x, Batch batch)
    {
        var hidden = x.Columns / streams;
        var given = product.Forward(Embeddings(x.Compute, batch));           // [tokens, streams * hidden of keys | hidden of the value]
        var key = RmsNorm.Forward(given.Slice(0, x.Columns), keyGains, epsilon, hidden);
        var query = RmsNorm.Forward(x, queryGains, epsilon, hidden);
        var gates = x.Compute.Rent(x.Rows, streams);
        for (var row = 0; row < x.Rows; row++)
            for (var stream = 0; stream < streams; stream++)
                gates.Row(row)[stream] = Gate(key.Row(row).Slice(stream * hidden, hidden), query.Row(row).Slice(stream * hidden, hidden));
        var y = MixStreams.Forward(given.Slice(x.Columns, hidden), gates, 1);
        y += convolution.Forward(RmsNorm.Forward(y, convolvedGains, epsilon, hidden), batch);
        return y;
    }

    Tensor Embeddings(Compute compute, Batch batch)
    {
        var own = compute.Rent(batch.Tokens.Length, tokens);
        for (var row = 0; row < own.Rows; row++) own.Row(row).Fill(batch.Tokens[row] + 1);
        var (shifted, y) = (history.Forward(own, batch), compute.Rent(own.Rows, hash.Width));
        for (var row = 0; row < y.Rows; row++)
        {
            for (var back = 0; back < tokens; back++) ids[back] = (int)shifted.Row(row)[back] - 1;
            hash.Look(ids, y.Row(row));
        }

        return y;
    }

    /// <summary>A sigmoid of the signed root of the scaled product.</summary>
    static float Gate(ReadOnlySpan<float> key, ReadOnlySpan<float> query)
    {
        var sum = 0.0;
        for (var i = 0; i < key.Length; i++) sum += (double)key[i] * query[i];
        var meeting = (float)(sum / Math.Sqrt(key.Length));
        var root = MathF.Sqrt(MathF.Max(MathF.Abs(meeting), LeastGate));
        return meeting == 0 ? 0.5f : HyperConnection.Sigmoid(MathF.CopySign(root, meeting));
    }

    /// <summary>Taps so many tokens apart, with zeros between them.</summary>
    static float[] Spread(float[] taps, int width, int step)
    {
        var (wide, channels) = (((width - 1) * step) + 1, taps.Length / width);
        var spread = new float[channels * wide];
        for (var i = 0; i < taps.Length; i++) spread[(i / width * wide) + (i % width * step)] = taps[i];
        return spread;
    }
}
