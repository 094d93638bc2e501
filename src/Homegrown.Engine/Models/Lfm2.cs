using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;
using Homegrown.Kernels.Memory;

namespace Homegrown.Engine.Models;

/// <summary>
/// LFM2 and LFM2-8B-A1B (Liquid, 2025, arXiv 2511.23404 §2): most layers mix tokens by a short gated convolution, the others by attention
/// with norms on heads; the larger models have experts after the first layers, by sigmoid scores with a bias that only chooses.
/// </summary>
/// <remarks>A layer without key heads is one of convolution. The width of a folder's feed-forward block is derived from what it states.</remarks>
public static class Lfm2
{
    static readonly NameMap Names = NameMap.Llama.With(
        ("token_embd_norm", "model.embedding_norm"),
        ("blk.{l}.attn_norm", "model.layers.{l}.operator_norm"),
        ("blk.{l}.attn_q_norm", "model.layers.{l}.self_attn.q_layernorm"),
        ("blk.{l}.attn_k_norm", "model.layers.{l}.self_attn.k_layernorm"),
        ("blk.{l}.attn_output", "model.layers.{l}.self_attn.out_proj"),
        ("blk.{l}.shortconv.in_proj", "model.layers.{l}.conv.in_proj"),
        ("blk.{l}.shortconv.conv", "model.layers.{l}.conv.conv"),
        ("blk.{l}.shortconv.out_proj", "model.layers.{l}.conv.out_proj"),
        ("blk.{l}.ffn_norm", "model.layers.{l}.ffn_norm"),
        ("blk.{l}.ffn_gate", "model.layers.{l}.feed_forward.w1"),
        ("blk.{l}.ffn_up", "model.layers.{l}.feed_forward.w3"),
        ("blk.{l}.ffn_down", "model.layers.{l}.feed_forward.w2"),
        ("blk.{l}.ffn_gate_inp", "model.layers.{l}.feed_forward.gate"),
        ("blk.{l}.exp_probs_b.bias", "model.layers.{l}.feed_forward.expert_bias"),
        ("blk.{l}.ffn_gate_exps", "model.layers.{l}.feed_forward.experts.{e}.w1"),
        ("blk.{l}.ffn_up_exps", "model.layers.{l}.feed_forward.experts.{e}.w3"),
        ("blk.{l}.ffn_down_exps", "model.layers.{l}.feed_forward.experts.{e}.w2"));

    static readonly KeyMap Keys = KeyMap.Decoder
        .With(("shortconv.l_cache", "conv_L_cache"), ("leading_dense_block_count", "num_dense_layers"), ("rope.freq_base", "rope_parameters.rope_theta|rope_theta|theta"))
        .With(("attention.head_count_kv", KeyHeads));

    static readonly string[] Idle = ["conv_bias", "use_expert_bias", "tie_embedding"];

    public static readonly Architecture Dense = new("lfm2")
    {
        Maker = "Liquid",
        Models = "LFM2 350M to 2.6B",
        Folders = [new("lfm2")
        {
            Keys = Keys.With(("feed_forward_length", c => Adjusted(c))),
            Names = Names,
            Idle =
            [
                .. Idle, "block_dim", "block_norm_eps", "block_mlp_init_scale", "block_out_init_scale", "block_use_swiglu", "block_use_xavier_init", "conv_dim", "conv_dim_out", "conv_use_xavier_init",
                "num_heads", "use_pos_enc",
            ],
        }],
        Load = Build,
    };

    public static readonly Architecture MixtureOfExperts = new("lfm2moe")
    {
        Maker = "Liquid",
        Models = "LFM2-8B-A1B",
        Folders = [new("lfm2_moe") { Keys = Keys, Names = Names, Idle = Idle }],
        Load = Build,
    };

    static Transformer Build(ModelConfig c, Weights w)
    {
        var (rope, kept, width) = (RopeLayer.Halves(c.HeadDim, c.Rope), new KvShape(), c.Metadata.Positive("shortconv.l_cache"));
        var dense = c.Metadata.Count("leading_dense_block_count", c.Layers);
        var routing = dense < c.Layers ? c.ReadRouting(RouterScores.Sigmoid, normalised: true) with { Floor = 1e-6f } : null;
        return new(c, w, [rope], (layer, w) => new ResidualBlock(
            w.RmsNorm("attn_norm", c),
            c.Shapes[layer].KvHeads == 0 ? new GatedConvolution(w, c.Hidden, width, kept) : Attention(layer, w),
            w.RmsNorm("ffn_norm", c),
            layer < dense ? w.Gated(c) : w.Experts(c, routing!)), w.RmsNorm("token_embd_norm", c), kept);

        SelfAttention Attention(int layer, Weights w)
        {
            var heads = c.Shapes[layer];
            var entry = kept.Add(new KvEntry(heads.KvHeads, heads.KeyDim, heads.ValueDim));
            return new(entry, w, c.Hidden, heads) { Rope = rope, Norms = w.HeadNorms(c), Options = new() { Window = c.Window(layer) } };
        }
    }

    /// <summary>Key heads of each layer: none in those of convolution. Older folders number the layers of attention.</summary>
    static object? KeyHeads(FolderConfig c)
    {
        if (c.Integer("num_key_value_heads") is not { } heads) return null;
        var attends = c.Find("full_attn_idxs") as long[];
        if (c.Find("layer_types") is string[] types) return Array.ConvertAll(types, type => type == "full_attention" ? heads : 0);
        if (attends is null || c.Integer("num_hidden_layers") is not { } layers) return heads;
        return Enumerable.Range(0, (int)layers).Select(layer => attends.Contains(layer) ? heads : 0).ToArray();
    }

    /// <summary>Two thirds of the stated width, times a factor, up to a multiple: unless the folder says that it is meant as it stands.</summary>
    static long? Adjusted(FolderConfig c)
    {
        var (stated, multiple, factor) = (c.Integer("block_ff_dim") ?? c.Integer("intermediate_size"), c.Integer("block_multiple_of") ?? 256, c.Number("block_ffn_dim_multiplier") ?? 1);
        if (stated is not { } width || c.Flag("block_auto_adjust_ff_dim") == false) return stated;
        var scaled = (long)(factor * (2 * width / 3));
        return multiple > 0 ? (scaled + multiple - 1) / multiple * multiple : throw c.Error("block_multiple_of", $"{multiple} is not above 0");
    }
}
