using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Layers;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// Qwen3-Next and Qwen3.5 (Alibaba, 2025 and 2026; model cards, after arXiv 2412.06464 and 2505.06708): three gated delta-nets to one
/// attention, whose output is gated number by number, whose heads are normed and turn by a quarter; then a dense block, or experts of which
/// the chosen are normalised, and a shared one behind a sigmoid gate.
/// </summary>
/// <remarks>
/// A folder's norms hold gain - 1, but for that of the delta-net. GGUF files of Qwen3.5 have the value heads in another order than its
/// folders: neighbours belong to different key heads. Qwen3.5's three-part positions are all equal in a text.
/// </remarks>
public static class Qwen3Next
{
    internal const string Grouped = "ssm.grouped_heads";

    static readonly KeyMap Keys = KeyMap.Decoder.With(
        ("ssm.conv_kernel", "linear_conv_kernel_dim"),
        ("ssm.group_count", "linear_num_key_heads"),
        ("ssm.state_size", "linear_key_head_dim"),
        ("ssm.time_step_rank", "linear_num_value_heads"),
        ("full_attention_interval", "full_attention_interval"),
        ("attention.output_gate", "attn_output_gate")).With(
        ("ssm.inner_size", c => c.Integer("linear_num_value_heads") * c.Integer("linear_value_head_dim")),
        ("rope.dimension_count", c => FolderRope.Dimensions(c) ?? c.Integer("head_dim") / 4),
        ("attention.recurrent_layers", LayerKinds.Linear));

    internal static readonly KeyMap Keys35 = Keys.With((Grouped, _ => true));

    internal static readonly NameMap Names = NameMap.Experts.With(
        ("output_norm", new("model.norm", Gain)),
        ("blk.{l}.attn_norm", new("model.layers.{l}.input_layernorm", Gain)),
        ("blk.{l}.attn_q_norm", new("model.layers.{l}.self_attn.q_norm", Gain)),
        ("blk.{l}.attn_k_norm", new("model.layers.{l}.self_attn.k_norm", Gain)),
        ("blk.{l}.post_attention_norm", new("model.layers.{l}.post_attention_layernorm", Gain)),
        ("blk.{l}.ssm_in", "model.layers.{l}.linear_attn.in_proj_qkvz"),
        ("blk.{l}.ssm_ba", "model.layers.{l}.linear_attn.in_proj_ba"),
        ("blk.{l}.attn_qkv", "model.layers.{l}.linear_attn.in_proj_qkv"),
        ("blk.{l}.attn_gate", "model.layers.{l}.linear_attn.in_proj_z"),
        ("blk.{l}.ssm_beta", "model.layers.{l}.linear_attn.in_proj_b"),
        ("blk.{l}.ssm_alpha", "model.layers.{l}.linear_attn.in_proj_a"),
        ("blk.{l}.ssm_conv1d", "model.layers.{l}.linear_attn.conv1d"),
        ("blk.{l}.ssm_dt.bias", "model.layers.{l}.linear_attn.dt_bias"),
        ("blk.{l}.ssm_a", new("model.layers.{l}.linear_attn.A_log", (tensor, _) => tensor.Map(log => -MathF.Exp(log)))),
        ("blk.{l}.ssm_norm", "model.layers.{l}.linear_attn.norm"),
        ("blk.{l}.ssm_out", "model.layers.{l}.linear_attn.out_proj"),
        ("blk.{l}.ffn_gate_up_exps", "model.layers.{l}.mlp.experts.gate_up_proj"),
        ("blk.{l}.ffn_down_exps", "model.layers.{l}.mlp.experts.down_proj|model.layers.{l}.mlp.experts.{e}.down_proj"),
        ("blk.{l}.ffn_gate_inp_shexp", "model.layers.{l}.mlp.shared_expert_gate"),
        ("blk.{l}.ffn_gate_shexp", "model.layers.{l}.mlp.shared_expert.gate_proj"),
        ("blk.{l}.ffn_up_shexp", "model.layers.{l}.mlp.shared_expert.up_proj"),
        ("blk.{l}.ffn_down_shexp", "model.layers.{l}.mlp.shared_expert.down_proj"));

    // Which layers have experts the tensors show; states are kept in float32 in any case.
    internal static readonly string[] Idle = ["decoder_sparse_step", "mlp_only_layers", "mamba_ssm_dtype", "mtp_num_hidden_layers", "mtp_use_dedicated_embeddings"];

    public static readonly Architecture Architecture = new("qwen3next")
    {
        Maker = "Alibaba",
        Models = "Qwen3-Next-80B-A3B, Qwen3-Coder-Next",
        Folders = [new("qwen3_next") { Keys = Keys, Names = Names, Idle = Idle }],
        Load = (c, w) => Build(c, w, tiled: false),
    };

    public static readonly Architecture Dense35 = new("qwen35")
    {
        Maker = "Alibaba",
        Models = "Qwen3.5 dense, the text part",
        Folders = [new("qwen3_5", "qwen3_5_text") { Keys = Keys35, Names = Names, Idle = Idle }],
        Load = (c, w) => Build(c, w, tiled: true),
    };

    public static readonly Architecture MixtureOfExperts35 = new("qwen35moe")
    {
        Maker = "Alibaba",
        Models = "Qwen3.5-35B-A3B to 397B-A17B, the text part",
        Folders = [new("qwen3_5_moe", "qwen3_5_moe_text") { Keys = Keys35, Names = Names, Idle = Idle }],
        Load = (c, w) => Build(c, w, tiled: true),
    };

    /// <param name="tiled">Value heads of a GGUF file are in the order in which neighbours belong to different key heads.</param>
    static Transformer Build(ModelConfig c, Weights w, bool tiled)
    {
        var (keys, rope, kept) = (c.Metadata, RopeLayer.Halves(c.HeadDim, c.Rope), new KvShape());
        if (c.Activation != Activation.Silu) throw keys.Error("activation", "is not supported here (silu is)");
        var shape = GatedDeltaNet.ReadShape(keys) with { Tiled = tiled && !keys.Flag(Grouped, false) };
        var (width, gated) = (keys.Positive("ssm.conv_kernel"), keys.Flag("attention.output_gate", true));
        var recurrent = c.RecurrentLayers(interval: 4);
        var routing = keys.Has("expert_count") ? c.ReadRouting(RouterScores.Softmax, normalised: true) : null;
        keys.Has("rope.dimension_sections");                                 // of positions in pictures: read, and of no effect
        return new(c, w, [rope], (layer, w) => new ResidualBlock(
            w.RmsNorm("attn_norm", c),
            recurrent[layer] ? new GatedDeltaNet(w, c.Hidden, shape, width, c.NormEpsilon, kept) : Attention(layer, w),
            w.RmsNorm("post_attention_norm", c),
            w.Has("ffn_gate_inp") && routing is not null ? w.Experts(c, routing) : w.Gated(c)), cache: kept);

        SelfAttention Attention(int layer, Weights w)
        {
            var heads = c.Shapes[layer];
            var (entry, dim) = (kept.Add(new KvEntry(heads.KvHeads, heads.KeyDim, heads.ValueDim)), heads.KeyDim);
            return new(entry, w, c.Hidden, heads, gated ? new(0, dim, 2 * dim) : null)
            {
                Rope = rope,
                Norms = w.HeadNorms(c),
                Gate = gated ? w.Fused(c.Hidden, new ProductPart("attn_q", heads.Heads * dim, new(dim, dim, 2 * dim))) : null,
                Options = new() { Window = c.Window(layer) },
            };
        }
    }

    internal static ModelTensor Gain(ModelTensor tensor, ModelMetadata keys) => tensor.Map(gain => 1 + gain);
}
