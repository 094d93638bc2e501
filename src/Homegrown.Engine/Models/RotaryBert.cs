using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// BERTs whose heads turn with the position instead of a table of positions: Nomic Embed (Nomic, 2024, arXiv 2402.01613 §3.1), with a SiLU
/// gate and no biases; Jina Embeddings 3 (Jina, 2024, arXiv 2409.10173 §3), with biases and no gate; GTE (Alibaba, 2024, arXiv 2407.19669
/// §2.1), with a GELU gate.
/// </summary>
public static class RotaryBert
{
    static readonly NameMap Names = NameMap.Of(
        ("token_embd", "model.embeddings.word_embeddings"),
        ("token_types", "model.embeddings.token_type_embeddings"),
        ("token_embd_norm", "model.emb_ln"),
        ("blk.{l}.attn_qkv", "model.encoder.layers.{l}.attn.Wqkv"),
        ("blk.{l}.attn_output", "model.encoder.layers.{l}.attn.out_proj"),
        ("blk.{l}.attn_output_norm", "model.encoder.layers.{l}.norm1"),
        ("blk.{l}.ffn_up", "model.encoder.layers.{l}.mlp.fc11"),
        ("blk.{l}.ffn_gate", "model.encoder.layers.{l}.mlp.fc12"),
        ("blk.{l}.ffn_down", "model.encoder.layers.{l}.mlp.fc2"),
        ("blk.{l}.layer_output_norm", "model.encoder.layers.{l}.norm2"),
        ("cls", "model.pooler.dense"),
        ("cls.output", "classifier"));

    public static readonly Architecture Nomic = new("nomic-bert")
    {
        Maker = "Nomic",
        Models = "Nomic Embed Text 1 and 1.5",
        Defaults = new Dictionary<string, object> { ["attention.causal"] = false },
        Folders = [new("nomic_bert")
        {
            Keys = EncoderMaps.Keys.With(
                ("prenorm", "prenorm"), ("parallel_block", "parallel_block"), ("use_rms_norm", "use_rms_norm"), ("rotary_emb_interleaved", "rotary_emb_interleaved"), ("causal", "causal"),
                ("rope.scaling.factor", "rotary_scaling_factor|rope_parameters.factor"),
                ("rope.scaling.original_context_length", "max_trained_positions|rope_parameters.original_max_position_embeddings"))
                .With(("rope.scaling.type", c => c.Has("rotary_scaling_factor") ? "dynamic" : c.Text("rope_parameters.rope_type") is { } kind and not "default" ? kind : null)),
            Names = Names,
            Idle =
            [
                .. EncoderMaps.Idle, "attn_pdrop", "dense_seq_output", "fused_bias_fc", "fused_dropout_add_ln", "last_layer_subset", "mlp_fc1_bias", "mlp_fc2_bias", "pad_vocab_size_multiple",
                "qkv_proj_bias", "reorder_and_upcast_attn", "rotary_emb_fraction", "rotary_emb_scale_base", "scale_attn_by_inverse_layer_idx", "scale_attn_weights", "summary_activation",
                "summary_first_dropout", "summary_proj_to_labels", "summary_type", "summary_use_proj", "use_flash_attn", "use_xentropy",
            ],
        }],
        Load = (c, w) =>
        {
            EncoderMaps.Refuse(c, "prenorm", "parallel_block", "use_rms_norm", "rotary_emb_interleaved", "causal", "expert_count");
            return Build(c, w, w => w.Gated(c));
        },
    };

    public static readonly Architecture JinaV3 = new("jina-bert-v3")
    {
        Maker = "Jina",
        Models = "Jina Embeddings 3, without its task adapters",
        Defaults = EncoderMaps.Defaults,
        Folders = [new("jina_embeddings_v3")
        {
            Keys = EncoderMaps.Keys,
            Names = Names.With(
                ("blk.{l}.attn_qkv", "model.encoder.layers.{l}.mixer.Wqkv"),
                ("blk.{l}.attn_output", "model.encoder.layers.{l}.mixer.out_proj"),
                ("blk.{l}.ffn_up", "model.encoder.layers.{l}.mlp.fc1"),
                ("blk.{l}.ffn_down", "model.encoder.layers.{l}.mlp.fc2"),
                ("cls", "classifier.dense"),
                ("cls.output", "classifier.out_proj"),
                ("pooler", "model.pooler.dense")),
            Idle = EncoderMaps.Idle,
        }],
        Load = (c, w) => Build(c, w, w => w.Plain(c, c.Activation)),
    };

    public static readonly Architecture Gte = new("gte")
    {
        Maker = "Alibaba",
        Models = "GTE 1.5 and multilingual, and their reranker",
        Defaults = EncoderMaps.Defaults,
        Folders = [new("gte", "new")
        {
            Keys = EncoderMaps.Keys.With(("logn_attention_scale", "logn_attention_scale"), ("layer_norm_type", "layer_norm_type")).With(NtkRope),
            Names = Names.With(
                ("token_embd_norm", "model.embeddings.LayerNorm"),
                ("blk.{l}.attn_qkv", "model.encoder.layer.{l}.attention.qkv_proj"),
                ("blk.{l}.attn_output", "model.encoder.layer.{l}.attention.o_proj"),
                ("blk.{l}.attn_output_norm", "model.encoder.layer.{l}.attn_ln"),
                ("blk.{l}.ffn_up", new("model.encoder.layer.{l}.mlp.up_gate_proj", (tensor, _) => tensor.Part(0, tensor.Shape[0] / 2))),
                ("blk.{l}.ffn_gate", new("model.encoder.layer.{l}.mlp.up_gate_proj", (tensor, _) => tensor.Part(tensor.Shape[0] / 2, tensor.Shape[0] / 2))),
                ("blk.{l}.ffn_down", "model.encoder.layer.{l}.mlp.down_proj"),
                ("blk.{l}.layer_output_norm", "model.encoder.layer.{l}.mlp_ln")),
            Idle = [.. EncoderMaps.Idle, "logn_attention_clip1", "pack_qkv", "unpad_inputs", "use_memory_efficient_attention"],
        }],
        Load = (c, w) =>
        {
            EncoderMaps.Refuse(c, "logn_attention_scale");
            if (c.Metadata.Text("layer_norm_type") is { } norm and not "layer_norm") throw c.Metadata.Error("layer_norm_type", $"'{norm}' is not supported (layer_norm is)");
            return Build(c, w, w => w.Gated(c));
        },
    };

    /// <summary>
    /// Older GTE folders stretch their context by a factor on the base, and divide all frequencies by its power 2 / headDim: a linear stretch,
    /// of which the context that the folder gives is the result already.
    /// </summary>
    static (string, Func<FolderConfig, object?>)[] NtkRope =>
    [
        ("rope.freq_base", c => Base(c) is { } given && Ntk(c) is { } factor ? given * factor : Base(c)),
        ("rope.scaling.type", c => Ntk(c) is not null ? "linear" : (c.Text("rope_parameters.rope_type") ?? c.Text("rope_scaling.type")) is { } kind and not "default" ? kind : null),
        ("rope.scaling.factor", c => Ntk(c) is { } factor ? Math.Pow(factor, 2.0 * c.Integer("num_attention_heads")!.Value / c.Integer("hidden_size")!.Value) : c.Number("rope_parameters.factor")),
        ("rope.scaling.original_context_length", c => Ntk(c) is not null ? 1L : c.Integer("rope_parameters.original_max_position_embeddings")),
    ];

    static double? Base(FolderConfig c) => c.Number("rope_parameters.rope_theta") ?? c.Number("rope_theta");

    /// <summary>The factor; null where there is none, or a mixed one, whose kind is then refused by its name.</summary>
    static double? Ntk(FolderConfig c) => c.Text("rope_scaling.type") == "ntk" && !c.Has("rope_scaling.mixed_b") ? c.Number("rope_scaling.factor") : null;

    static Encoder Build(ModelConfig c, Weights w, Func<Weights, IFeedForward> feedForward)
    {
        var rope = RopeLayer.Halves(c.HeadDim, c.Rope);
        return new(c, w, [rope], (_, w) => Bert.PostNorm(c, w, rope, feedForward(w)));
    }
}
