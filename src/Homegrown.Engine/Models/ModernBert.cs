using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// ModernBERT (Answer.AI and LightOn, 2024, arXiv 2412.13663 §2.1): norms before the branches (none before the first attention, which takes
/// the normed tokens), a GELU gate, windows in all layers but every third, which turn by a base of their own.
/// </summary>
public static class ModernBert
{
    public static readonly Architecture Architecture = new("modern-bert")
    {
        Maker = "Answer.AI",
        Models = "ModernBERT: GTE ModernBERT and its reranker",
        Defaults = EncoderMaps.Defaults,
        Folders = [new("modernbert")
        {
            Keys = EncoderMaps.Keys.With(FolderRope.Of("full_attention", "")).With(FolderRope.Of("sliding_attention", "_swa")).With(
                ("rope.freq_base", "rope_parameters.full_attention.rope_theta|global_rope_theta"),
                ("rope.freq_base_swa", "rope_parameters.sliding_attention.rope_theta|local_rope_theta"),
                ("classifier.activation", "classifier_activation")).With(("attention.sliding_window", Windows), ("classifier.pooling", c => c.Text("classifier_pooling") ?? "cls")),
            Names = NameMap.Of(
                ("token_embd", "model.embeddings.tok_embeddings"),
                ("token_embd_norm", "model.embeddings.norm"),
                ("output_norm", "model.final_norm"),
                ("blk.{l}.attn_norm", "model.layers.{l}.attn_norm"),
                ("blk.{l}.attn_qkv", "model.layers.{l}.attn.Wqkv"),
                ("blk.{l}.attn_output", "model.layers.{l}.attn.Wo"),
                ("blk.{l}.ffn_norm", "model.layers.{l}.mlp_norm"),
                ("blk.{l}.ffn_up", "model.layers.{l}.mlp.Wi"),
                ("blk.{l}.ffn_down", "model.layers.{l}.mlp.Wo"),
                ("cls", "head.dense"),
                ("cls.norm", "head.norm"),
                ("cls.output", "classifier")),
            Idle =
            [
                .. EncoderMaps.Idle, "classifier_bias", "cls_token_id", "decoder_bias", "deterministic_flash_attn", "embedding_dropout", "initializer_cutoff_factor", "mlp_dropout",
                "norm_bias", "reference_compile", "repad_logits_with_grad", "sparse_pred_ignore_index", "sparse_prediction",
            ],
        }],
        Load = (c, w) =>
        {
            c = c.WithFullLayers(period: 3, full: 0);
            var full = RopeLayer.Halves(c.HeadDim, c.Rope);
            var local = RopeLayer.Halves(c.HeadDim, RopeConfig.Read(c.Metadata, c.HeadDim, c.ContextLength, "_swa"));
            return new Encoder(c, w, [full, local], (layer, w) => new ResidualBlock(
                w.Has("attn_norm") ? w.LayerNorm("attn_norm", c) : null,
                new SelfAttention(0, w, c.Hidden, c.Shape) { Rope = c.Window(layer) is null ? full : local, Options = c.Sight(layer) },
                w.LayerNorm("ffn_norm", c),
                w.Gated(c)));
        },
    };

    /// <summary>The width of all windows, by layer; 0 for layers without.</summary>
    static long[] Windows(FolderConfig c)
    {
        var (types, every, window) = (c.Find("layer_types") as string[], c.Integer("global_attn_every_n_layers") ?? 3, c.Integer("local_attention") ?? 128);
        return types is not null
            ? Array.ConvertAll(types, type => type is "sliding_attention" ? window : 0)
            : Enumerable.Range(0, (int)(c.Integer("num_hidden_layers") ?? 0)).Select(layer => layer % every == 0 ? 0 : window).ToArray();
    }
}
