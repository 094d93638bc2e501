using Homegrown.Engine.Folders;

namespace Homegrown.Engine.Models;

/// <summary>
/// MPNet (Microsoft, 2020, arXiv 2004.09297 §2): BERT with learned positions counted as RoBERTa does, no types, and a bias on every score
/// by the distance in buckets, the same in all layers (T5's, arXiv 1910.10683 §2.1). all-mpnet-base is one.
/// </summary>
public static class MpNet
{
    // 16 buckets to each side, whatever config.json says: 8 distances of their own, then wider ones up to 128.
    const int Buckets = 32, Side = Buckets / 2, Near = Side / 2, Farthest = 128;

    public static readonly Architecture Architecture = new("mpnet")
    {
        Maker = "Microsoft",
        Models = "MPNet: all-mpnet-base",
        Defaults = EncoderMaps.Defaults,
        Folders = [new("mpnet")
        {
            Keys = EncoderMaps.Keys.With(EncoderMaps.PaddedPositions),
            Names = Bert.Names.With(
                ("position_embd", EncoderMaps.AfterPadding("model.embeddings.position_embeddings")),
                ("attn_rel_b", "model.encoder.relative_attention_bias"),
                ("blk.{l}.attn_q", "model.encoder.layer.{l}.attention.attn.q"),
                ("blk.{l}.attn_k", "model.encoder.layer.{l}.attention.attn.k"),
                ("blk.{l}.attn_v", "model.encoder.layer.{l}.attention.attn.v"),
                ("blk.{l}.attn_output", "model.encoder.layer.{l}.attention.attn.o"),
                ("blk.{l}.attn_output_norm", "model.encoder.layer.{l}.attention.LayerNorm"),
                ("cls", "classifier.dense"),
                ("cls.output", "classifier.out_proj"),
                ("pooler", "model.pooler.dense")),
            Idle = [.. EncoderMaps.Idle, "relative_attention_num_buckets"],
        }],
        Load = (c, w) =>
        {
            var distances = Distances(w.Floats("attn_rel_b", Buckets, c.Heads), c.Heads);
            return new Encoder(c, w, [], (_, w) => Bert.PostNorm(c, w, null, w.Plain(c, c.Activation), distances));
        },
    };

    /// <summary>[buckets, heads] to [heads, distances from -128 to 128].</summary>
    static float[] Distances(float[] table, int heads)
        => [.. Enumerable.Range(0, heads).SelectMany(head => Enumerable.Range(-Farthest, (2 * Farthest) + 1).Select(distance => table[(Bucket(distance) * heads) + head]))];

    /// <summary>Positions after the row's own have the second half of the buckets.</summary>
    static int Bucket(int distance)
    {
        var steps = Math.Abs(distance);
        var bucket = steps < Near ? steps : Near + (int)(MathF.Log((float)steps / Near) / MathF.Log((float)Farthest / Near) * (Side - Near));
        return (distance > 0 ? Side : 0) + Math.Min(bucket, Side - 1);
    }
}
