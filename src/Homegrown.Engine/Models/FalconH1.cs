using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// Falcon-H1 (TII, 2025, arXiv 2507.22448 §2): attention and Mamba-2 side by side on one norm, then a gated block; fixed multipliers
/// (§3.2.3) at the ends of every product, where others tune learning rates.
/// </summary>
/// <remarks>GGUF's converter multiplies the weights instead: its files have none of these keys.</remarks>
public static class FalconH1
{
    static readonly string[] Multipliers =
        ["embedding_multiplier", "lm_head_multiplier", "attention_in_multiplier", "attention_out_multiplier", "key_multiplier", "mlp_multipliers", "ssm_in_multiplier", "ssm_multipliers", "ssm_out_multiplier"];

    public static readonly Architecture Architecture = new("falcon-h1")
    {
        Maker = "TII",
        Models = "Falcon-H1 0.5B to 34B",
        Folders = [new("falcon_h1")
        {
            Keys = KeyMap.Decoder.With(
                ("ssm.conv_kernel", "mamba_d_conv"),
                ("ssm.group_count", "mamba_n_groups"),
                ("ssm.state_size", "mamba_d_state"),
                ("ssm.time_step_rank", "mamba_n_heads"),
                ("ssm.time_step_limit", "time_step_limit"),
                ("ssm.activation", "hidden_act")).With(
                ("ssm.norm_before_gate", c => c.Flag("mamba_norm_before_gate") ?? true),
                ("ssm.inner_size", c => c.Integer("mamba_d_ssm") ?? (c.Integer("hidden_size") * (c.Integer("mamba_expand") ?? 2)))).With(
                [.. Multipliers.Select(name => (name, name))]),
            Names = NameMap.Llama.With(Mamba2Names.In("model.layers.{l}.mamba")).With(
                ("output_norm", "model.final_layernorm"),
                ("blk.{l}.ffn_norm", "model.layers.{l}.pre_ff_layernorm"),
                ("blk.{l}.ffn_gate", "model.layers.{l}.feed_forward.gate_proj"),
                ("blk.{l}.ffn_up", "model.layers.{l}.feed_forward.up_proj"),
                ("blk.{l}.ffn_down", "model.layers.{l}.feed_forward.down_proj")),
            Idle =
            [
                "mamba_chunk_size", "mamba_conv_bias", "mamba_d_head", "mamba_expand", "mamba_proj_bias", "mamba_rms_norm", "mamba_use_mlp", "mlp_expansion_factor", "num_logits_to_keep", "projectors_bias",
                "time_step_floor", "time_step_max", "time_step_min",
            ],
        }],
        Load = (c, w) =>
        {
            var (keys, rope, kept) = (c.Metadata, RopeLayer.Halves(c.HeadDim, c.Rope, w.VectorOrEmpty("rope_freqs", c.Rope.Dims / 2)), new KvShape());
            var (mamba, ends) = (Mamba2Shape.Read(keys), keys.Numbers("mlp_multipliers", 2) ?? [1, 1]);
            return new Transformer(c, w, [rope], (layer, w) => new Block(
                w.RmsNorm("attn_norm", c),
                new SelfAttention(kept.Add(new KvEntry(c.KvHeads, c.HeadDim, c.HeadDim)), w, c.Hidden, c.Shape)
                {
                    Rope = rope,
                    Options = new() { Scale = One(keys, "key_multiplier") / MathF.Sqrt(c.HeadDim), Window = c.Window(layer) },
                },
                new Mamba2Mixer(w, c.Hidden, mamba, c.NormEpsilon, kept) { InputScales = InputScales(keys, mamba), NormsFirst = keys.Flag("ssm.norm_before_gate", false) },
                w.RmsNorm("ffn_norm", c),
                new ScaledGate(w.Fused(c.Hidden, ("ffn_gate", c.FeedForward), ("ffn_up", c.FeedForward)), w.Linear("ffn_down", c.FeedForward, c.Hidden), (float)ends[0], (float)ends[1], new(c.Activation)))
            {
                MambaIn = One(keys, "ssm_in_multiplier"),
                AttentionIn = One(keys, "attention_in_multiplier"),
                AttentionOut = One(keys, "attention_out_multiplier"),
                MambaOut = One(keys, "ssm_out_multiplier"),
            }, cache: kept)
            {
                EmbeddingScale = One(keys, "embedding_multiplier"),
                LogitScale = One(keys, "lm_head_multiplier"),
            };
        },
    };

    static float One(ModelMetadata keys, string key) => keys.Optional(key, 1f);

    /// <summary>One factor for each column of the input's product: of gate, x, B, C and step; empty where none is.</summary>
    static float[] InputScales(ModelMetadata keys, Mamba2Shape shape)
    {
        if (keys.Numbers("ssm_multipliers", 5) is not { } each) return [];
        var shared = shape.Groups * shape.StateDim;
        int[] widths = [shape.Inner, shape.Inner, shared, shared, shape.Heads];
        return [.. widths.SelectMany((width, part) => Enumerable.Repeat((float)each[part], width))];
    }

    /// <summary>Both mixers read one norm; each is multiplied on its way in and out.</summary>
    sealed class Block(INorm before, IMixer attention, IMixer mamba, INorm between, IFeedForward feedForward) : IBlock
    {
        public required float MambaIn { get; init; }

        public required float MambaOut { get; init; }

        public required float AttentionIn { get; init; }

        public required float AttentionOut { get; init; }

        public void Forward(Tensor x, Batch batch)
        {
            var normed = before.Forward(x);
            Scale.Add(x, mamba.Forward(Scaled(normed, MambaIn), batch), MambaOut);
            Scale.Add(x, attention.Forward(Scaled(normed, AttentionIn), batch), AttentionOut);
            x += feedForward.Forward(between.Forward(x), batch);
        }

        static Tensor Scaled(Tensor x, float factor)
        {
            if (factor == 1) return x;
            var y = x.Compute.Rent(x.Rows, x.Columns);
            Scale.Add(y, x, factor, kept: 0);
            return y;
        }
    }

    /// <summary>The gated block with a factor on the gate before its activation, and one on the result.</summary>
    sealed class ScaledGate(Linear gateUp, Linear down, float gate, float result, Gate opens) : IFeedForward
    {
        public Tensor Forward(Tensor x, Batch batch)
        {
            var inner = gateUp.Forward(x);
            Scale.Forward(inner.Slice(0, inner.Columns / 2), gate);
            return Scale.Forward(down.Forward(Gated.Forward(inner, opens)), result);
        }
    }
}
