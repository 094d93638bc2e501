using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// Nemotron-H, Nemotron Nano 2 and Nemotron 3 (NVIDIA, 2025, arXiv 2504.03624 §2, 2508.14444 §2 and 2512.20856 §2): each layer is one norm and
/// one thing, of four: Mamba-2, attention without positions, a block of relu² without a gate, or experts of such, which in the larger
/// Nemotron 3 work in a narrower space.
/// </summary>
/// <remarks>GGUF tells a layer's kind by its heads of keys and its feed-forward width, 0 where it has none; a folder by a letter or a name.</remarks>
public static class NemotronH
{
    static readonly KeyMap Keys = KeyMap.Decoder.With(
        ("attention.key_length", "head_dim|attention_head_dim"),
        ("expert_shared_feed_forward_length", "moe_shared_expert_intermediate_size"),
        ("moe_latent_size", "moe_latent_size"),
        ("ssm.activation", "mamba_hidden_act"),
        ("ssm.conv_kernel", "conv_kernel|mamba_d_conv"),
        ("ssm.group_count", "n_groups|mamba_n_groups"),
        ("ssm.state_size", "ssm_state_size"),
        ("ssm.time_step_rank", "mamba_num_heads"),
        ("ssm.time_step_limit", "time_step_limit|mamba_dt_limit")).With(
        ("block_count", c => (long)Kinds(c).Length),
        ("attention.head_count_kv", c => Array.ConvertAll(Kinds(c), kind => kind == '*' ? c.Integer("num_key_value_heads") ?? c.Integer("num_attention_heads") ?? 0 : 0)),
        ("feed_forward_length", c => Array.ConvertAll(Kinds(c), kind => kind switch { '-' => c.Integer("intermediate_size") ?? 0, 'E' => c.Integer("moe_intermediate_size") ?? 0, _ => 0 })),
        ("ssm.inner_size", c => c.Integer("mamba_num_heads") * c.Integer("mamba_head_dim")));

    static readonly NameMap Names = NameMap.Of(
        ("token_embd", "backbone.embeddings"),
        ("output_norm", "backbone.norm_f"),
        ("output", "lm_head"),
        ("blk.{l}.attn_norm", "backbone.layers.{l}.norm"),
        ("blk.{l}.attn_q", "backbone.layers.{l}.mixer.q_proj"),
        ("blk.{l}.attn_k", "backbone.layers.{l}.mixer.k_proj"),
        ("blk.{l}.attn_v", "backbone.layers.{l}.mixer.v_proj"),
        ("blk.{l}.attn_output", "backbone.layers.{l}.mixer.o_proj"),
        ("blk.{l}.ffn_up", "backbone.layers.{l}.mixer.up_proj"),
        ("blk.{l}.ffn_down", "backbone.layers.{l}.mixer.down_proj"),
        ("blk.{l}.ffn_gate_inp", "backbone.layers.{l}.mixer.gate"),
        ("blk.{l}.exp_probs_b.bias", "backbone.layers.{l}.mixer.gate.e_score_correction_bias"),
        ("blk.{l}.ffn_latent_down", "backbone.layers.{l}.mixer.fc1_latent_proj"),
        ("blk.{l}.ffn_latent_up", "backbone.layers.{l}.mixer.fc2_latent_proj"),
        ("blk.{l}.ffn_up_exps", "backbone.layers.{l}.mixer.experts.{e}.up_proj"),
        ("blk.{l}.ffn_down_exps", "backbone.layers.{l}.mixer.experts.{e}.down_proj"),
        ("blk.{l}.ffn_up_shexp", "backbone.layers.{l}.mixer.shared_experts.up_proj"),
        ("blk.{l}.ffn_down_shexp", "backbone.layers.{l}.mixer.shared_experts.down_proj")).With(Mamba2Names.In("backbone.layers.{l}.mixer"));

    public static readonly Architecture Dense = new("nemotron_h")
    {
        Maker = "NVIDIA",
        Models = "Nemotron-H 4B to 56B, Nemotron Nano 2 9B and 12B",
        Folders = [new("nemotron_h")
        {
            Keys = Keys,
            Names = Names,
            Idle =
            [
                "chunk_size", "expand", "mamba_chunk_size", "mamba_conv_bias", "mamba_dt_init_floor", "mamba_dt_max", "mamba_dt_min", "mamba_expand", "mamba_proj_bias", "mamba_ssm_cache_dtype",
                "moe_shared_expert_overlap", "mtp_hybrid_override_pattern", "mtp_layers_block_type", "num_hidden_layers", "num_logits_to_keep", "rescale_prenorm_residual", "residual_in_fp32",
                "time_step_floor", "time_step_max", "time_step_min", "use_conv_bias", "use_mamba_kernels",
            ],
        }],
        Load = Build,
    };

    public static readonly Architecture MixtureOfExperts = new("nemotron_h_moe")
    {
        Maker = "NVIDIA",
        Models = "Nemotron 3 Nano 30B-A3B and larger",
        Load = Build,
    };

    static Transformer Build(ModelConfig c, Weights w)
    {
        var (keys, kept) = (c.Metadata, new KvShape());
        var widths = keys.Integers("feed_forward_length", c.Layers) ?? throw keys.Missing("feed_forward_length", "a number for all layers, or one for each");
        var activation = keys.Has("activation") ? c.Activation : Activation.ReluSquared;
        return new(c, w, [], (layer, w) => new OneBranch(w.RmsNorm("attn_norm", c), Layer(layer, w)), cache: kept);

        Func<Tensor, Batch, Tensor> Layer(int layer, Weights w)
        {
            if (w.Has("ffn_gate_inp")) return w.PlainExperts(c, c.ReadRouting(RouterScores.Sigmoid, normalised: true), widths[layer], activation).Forward;
            if (widths[layer] > 0) return w.Plain(c.Hidden, widths[layer], activation).Forward;
            var heads = c.Shapes[layer];
            if (heads.KvHeads == 0) return new Mamba2Mixer(w, c.Hidden, Mamba2Shape.Read(keys), c.NormEpsilon, kept).Forward;
            return new SelfAttention(kept.Add(new KvEntry(heads.KvHeads, heads.KeyDim, heads.ValueDim)), w, c.Hidden, heads) { Options = new() { Window = c.Window(layer) } }.Forward;
        }
    }

    /// <summary>A letter for each layer: M, *, - or E.</summary>
    static char[] Kinds(FolderConfig c)
    {
        if (c.Find("layers_block_type") is string[] names) return Array.ConvertAll(names, Letter);
        return (c.Text("hybrid_override_pattern") ?? throw c.Error("hybrid_override_pattern", "is missing")).ToCharArray();

        char Letter(string name) => name switch
        {
            "mamba" or "linear_attention" => 'M',
            "attention" or "full_attention" => '*',
            "mlp" => '-',
            "moe" => 'E',
            _ => throw c.Error("layers_block_type", $"'{name}' is not supported (mamba, attention, mlp, moe are)"),
        };
    }

    sealed class OneBranch(INorm norm, Func<Tensor, Batch, Tensor> layer) : IBlock
    {
        public void Forward(Tensor x, Batch batch) => x += layer(norm.Forward(x), batch);
    }
}
