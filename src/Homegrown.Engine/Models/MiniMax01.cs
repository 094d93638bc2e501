using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// MiniMax-Text-01 and MiniMax-M1 (MiniMax, 2025, arXiv 2501.08313 §2): seven layers of lightning attention to one of softmax, which turns
/// half of each head; experts in every layer, of whose softmax the chosen are normalised. What a branch is added to is its own normed
/// input, times a factor.
/// </summary>
/// <remarks>GGUF has one factor for all (residual_scale); a folder one for each kind of branch, and one for what the branch gives.</remarks>
public static class MiniMax01
{
    static readonly KeyMap Keys = KeyMap.Decoder.With(
        ("full_attention.alpha", "full_attn_alpha_factor|layernorm_full_attention_alpha"),
        ("full_attention.beta", "full_attn_beta_factor|layernorm_full_attention_beta"),
        ("linear_attention.alpha", "linear_attn_alpha_factor|layernorm_linear_attention_alpha"),
        ("linear_attention.beta", "linear_attn_beta_factor|layernorm_linear_attention_beta"),
        ("feed_forward.alpha", "mlp_alpha_factor|layernorm_mlp_alpha"),
        ("feed_forward.beta", "mlp_beta_factor|layernorm_mlp_beta"),
        ("attention.sliding_window", "sliding_window"),
        ("shared_intermediate_size", "shared_intermediate_size")).With(
        ("attention.recurrent_layers", LinearLayers),
        ("attention.linear_norm_epsilon", _ => 1e-6),                        // of the layer's class, not of the configuration
        ("rope.dimension_count", c => c.Integer("rotary_dim") ?? FolderRope.Dimensions(c)));

    static readonly NameMap Names = NameMap.Llama.With(
        ("blk.{l}.attn_qkv", "model.layers.{l}.self_attn.qkv_proj"),
        ("blk.{l}.attn_gate", "model.layers.{l}.self_attn.output_gate"),
        ("blk.{l}.attn_norm_2", "model.layers.{l}.self_attn.norm"),
        ("blk.{l}.attn_output", "model.layers.{l}.self_attn.o_proj|model.layers.{l}.self_attn.out_proj"),
        ("blk.{l}.ffn_gate_inp", "model.layers.{l}.block_sparse_moe.gate"),
        ("blk.{l}.ffn_gate_exps", "model.layers.{l}.block_sparse_moe.experts.{e}.w1"),
        ("blk.{l}.ffn_up_exps", "model.layers.{l}.block_sparse_moe.experts.{e}.w3"),
        ("blk.{l}.ffn_down_exps", "model.layers.{l}.block_sparse_moe.experts.{e}.w2"),
        ("blk.{l}.slope_rate", "model.layers.{l}.self_attn.slope_rate"),
        ("blk.{l}.query_decay", "model.layers.{l}.self_attn.query_decay"),
        ("blk.{l}.key_decay", "model.layers.{l}.self_attn.key_decay"),
        ("blk.{l}.diagonal_decay", "model.layers.{l}.self_attn.diagonal_decay"));

    // The blocks in which a prompt is computed change nothing of it.
    static readonly string[] Idle = ["block_size", "router_jitter_noise", "shared_moe_mode", "max_model_len"];

    public static readonly Architecture Architecture = new("minimax-01")
    {
        Maker = "MiniMax",
        Models = "MiniMax-Text-01 and MiniMax-M1 456B",
        Folders =
        [
            new("minimax") { Keys = Keys, Names = Names, Idle = Idle },
            new("minimax_text_01", "minimax_m1") { Keys = Keys.With(("normed_residuals", c => c.Flag("postnorm") ?? false)), Names = Names, Idle = Idle },
        ],
        Load = (c, w) =>
        {
            var (keys, rope, kept) = (c.Metadata, RopeLayer.Halves(c.HeadDim, c.Rope), new KvShape());
            if (keys.Count("shared_intermediate_size") > 0) throw keys.Error("shared_intermediate_size", "a shared expert is not supported here");
            var (recurrent, epsilon) = (c.RecurrentLayers(interval: 8), keys.Optional("attention.linear_norm_epsilon", c.NormEpsilon));
            var routing = c.ReadRouting(RouterScores.Softmax, normalised: true);
            var normed = keys.Flag("normed_residuals", true);
            var (full, linear, last) = (Factors("full_attention"), Factors("linear_attention"), Factors("feed_forward"));
            return new Transformer(c, w, [rope], (layer, w) =>
            {
                w.PassOver("slope_rate", "query_decay", "key_decay", "diagonal_decay");      // all made of the heads' and layers' numbers
                return new Block(w.RmsNorm("attn_norm", c), Mixer(layer, w), w.RmsNorm("ffn_norm", c), w.Experts(c, routing))
                {
                    Mixed = recurrent[layer] ? linear : full,
                    Fed = last,
                    NormedResiduals = normed,
                };
            }, cache: kept);

            IMixer Mixer(int layer, Weights w)
            {
                var heads = c.Shapes[layer];
                if (recurrent[layer]) return new LightningMixer(w, c.Hidden, heads.KeyDim, LightningAttention.MiniMaxSlopes(heads.Heads, layer, c.Layers), c.Activation, epsilon, kept);
                return new SelfAttention(kept.Add(new KvEntry(heads.KvHeads, heads.KeyDim, heads.ValueDim)), w, c.Hidden, heads) { Rope = rope, Options = new() { Window = c.Window(layer) } };
            }

            (float Alpha, float Beta) Factors(string of) => (keys.Optional($"{of}.alpha", keys.Optional("residual_scale", 1f)), keys.Optional($"{of}.beta", 1f));
        },
    };

    /// <summary>Layers without softmax: by name, by number, or every other one, as its library has it where a folder says nothing.</summary>
    static bool[] LinearLayers(FolderConfig c)
        => LayerKinds.Linear(c)
            ?? (c.Find("attn_type_list") is long[] kinds ? Array.ConvertAll(kinds, kind => kind == 0) : [.. Enumerable.Range(0, (int)(c.Integer("num_hidden_layers") ?? 0)).Select(layer => layer % 2 == 1)]);

    /// <summary>A branch, times beta, on top of what it was made of, times alpha.</summary>
    sealed class Block(INorm before, IMixer mixer, INorm between, IFeedForward feedForward) : IBlock
    {
        public required (float Alpha, float Beta) Mixed { get; init; }

        public required (float Alpha, float Beta) Fed { get; init; }

        /// <summary>A branch is added to its normed input, otherwise to the stream as it was.</summary>
        public required bool NormedResiduals { get; init; }

        public void Forward(Tensor x, Batch batch)
        {
            var normed = before.Forward(x);
            Join(x, normed, mixer.Forward(normed, batch), Mixed);
            normed = between.Forward(x);
            Join(x, normed, feedForward.Forward(normed, batch), Fed);
        }

        void Join(Tensor x, Tensor normed, Tensor branch, (float Alpha, float Beta) factors)
        {
            if (NormedResiduals) Scale.Add(x, normed, factors.Alpha, kept: 0);
            else Scale.Forward(x, factors.Alpha);
            Scale.Add(x, branch, factors.Beta);
        }
    }
}
