using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// Gemma 4 E2B, E4B, 26B-A4B and 31B (Google, 2026; after Gemma 3n, 2025): Gemma 3's block, whose full layers have wider heads of which
/// a part turns; scores are not scaled, values have a norm too, and may be the keys. The small sizes give each layer a vector of the token of its own,
/// and their last layers attend to what earlier ones keep; 26B-A4B has experts beside the dense block. A scalar ends each layer.
/// </summary>
/// <remarks>Norms hold the gain itself, unlike those of Gemma 2 and 3.</remarks>
public static class Gemma4
{
    public static readonly Architecture Architecture = new("gemma4")
    {
        Maker = "Google",
        Models = "Gemma 4 E2B, E4B, 26B-A4B and 31B, the text part",
        Defaults = new Dictionary<string, object> { ["activation"] = "gelu_pytorch_tanh" },
        Folders = [new("gemma4_text")
        {
            Keys = Gemma4Folder.Keys,
            Names = Gemma4Folder.Names,
            Idle = ["attention_k_eq_v", "vocab_size_per_layer_input"],
        }],
        Load = Build,
    };

    static Transformer Build(ModelConfig c, Weights w)
    {
        c = c.WithFullLayers(period: 6, full: 5);
        var keys = c.Metadata;
        var localDim = keys.Optional("attention.key_length_swa", () => c.HeadDim);
        var full = RopeLayer.Halves(c.HeadDim, c.Rope, Divisors(c, w));
        var local = RopeLayer.Halves(localDim, RopeConfig.Read(keys, localDim, c.ContextLength, "_swa"));
        var inner = keys.Integers("feed_forward_length", c.Layers) ?? throw keys.Missing("feed_forward_length", "a number for all layers, or one for each");
        var gate = new Gate(c.HalfGelu && c.Activation == Activation.GeluTanh ? Activation.GeluTanhHalf : c.Activation);
        var routing = keys.Count("expert_count") > 0 ? c.ReadRouting(RouterScores.Softmax, normalised: true) : null;
        var (width, keeping) = (keys.Count("embedding_length_per_layer_input"), c.Layers - keys.Count("attention.shared_kv_layers"));
        var inputs = width > 0 ? new PerLayerInputs(c, w, width) : null;
        var (cache, entries) = (new KvShape(), new int[c.Layers]);

        return new(c, w, [full, local], Block, cache: cache)
        {
            EmbeddingScale = MathF.Sqrt(c.Hidden),
            LogitCap = (float?)keys.Number("final_logit_softcapping"),
            Begin = inputs is null ? null : inputs.Prepare,
        };

        IBlock Block(int layer, Weights w)
        {
            var dense = w.Gated(c.Hidden, inner[layer], gate);
            var block = new ResidualBlock(w.RmsNorm("attn_norm", c), Attention(layer, w), routing is null ? w.RmsNorm("ffn_norm", c) : null, routing is null ? dense : new BothBlocks(c, w, dense, routing, gate))
            {
                AfterMixer = w.RmsNorm("post_attention_norm", c),
                AfterFeedForward = w.RmsNorm("post_ffw_norm", c),
            };
            return new ScaledBlock(block, inputs is null ? null : new(inputs, layer, c, w, width, gate.Activation), w.Has("layer_output_scale") ? w.Vector("layer_output_scale", 1)[0] : 1);
        }

        IMixer Attention(int layer, Weights w)
        {
            var (heads, rope, options) = (c.Shapes[layer], c.Window(layer) is null ? full : local, new AttentionOptions { Scale = 1, Window = c.Window(layer) });
            var query = w.RmsNorm("attn_q_norm", heads.KeyDim, c.NormEpsilon);
            if (layer < keeping)
            {
                entries[layer] = cache.Add(new(heads.KvHeads, heads.KeyDim, heads.ValueDim));
                var plain = new RmsNormLayer([.. Enumerable.Repeat(1f, heads.ValueDim)], c.NormEpsilon);
                return new SelfAttention(entries[layer], w, c.Hidden, heads) { Rope = rope, Norms = (query, w.RmsNorm("attn_k_norm", heads.KeyDim, c.NormEpsilon)), ValueNorm = plain, Options = options };
            }

            w.PassOver("attn_k", "attn_v", "attn_k_norm");
            var last = Enumerable.Range(0, keeping).LastOrDefault(other => c.Window(other) is null == c.Window(layer) is null, -1);
            if (last < 0) throw keys.Error("attention.shared_kv_layers", $"layer {layer} has none of its kind before it that keeps keys");
            return new BorrowedAttention(entries[last], w, c.Hidden, heads, query, rope, options);
        }
    }

    /// <summary>GGUF divides the frequencies that do not turn by a huge number; a folder says how many dimensions turn.</summary>
    static float[] Divisors(ModelConfig c, Weights w)
    {
        var turning = c.Metadata.Count("rope.turning_count", c.Rope.Dims);
        return w.Has("rope_freqs") ? w.Vector("rope_freqs", c.Rope.Dims / 2)
            : [.. Enumerable.Range(0, c.Rope.Dims / 2).Select(i => 2 * i < turning ? 1 : float.PositiveInfinity)];
    }

    /// <summary>What comes after the two branches: the layer's own vector of the token through a gate, and the scalar.</summary>
    sealed class ScaledBlock(IBlock block, GatedInput? input, float scale) : IBlock
    {
        public void Forward(Tensor x, Batch batch)
        {
            block.Forward(x, batch);
            if (input is not null) x += input.Forward(x);
            Scale.Forward(x, scale);
        }
    }

    sealed class GatedInput(PerLayerInputs inputs, int layer, ModelConfig c, Weights w, int width, Activation activation)
    {
        readonly Linear gate = w.Linear("inp_gate", c.Hidden, width), output = w.Linear("proj", width, c.Hidden);
        readonly RmsNormLayer norm = w.RmsNorm("post_norm", c);

        public Tensor Forward(Tensor x) => norm.Forward(output.Forward(Multiply.Forward(Activate.Forward(gate.Forward(x), activation), inputs.Of(layer))));
    }

    /// <summary>The dense block and the experts side by side, each between norms of its own; the router has a third.</summary>
    sealed class BothBlocks : IFeedForward
    {
        readonly IFeedForward dense;
        readonly ExpertsLayer experts;
        readonly RmsNormLayer beforeDense, afterDense, beforeExperts, afterExperts, beforeRouter;

        public BothBlocks(ModelConfig c, Weights w, IFeedForward dense, Routing routing, Gate gate)
        {
            this.dense = dense;
            (beforeDense, afterDense) = (w.RmsNorm("ffn_norm", c), w.RmsNorm("post_ffw_norm_1", c));
            (beforeExperts, afterExperts) = (w.RmsNorm("pre_ffw_norm_2", c), w.RmsNorm("post_ffw_norm_2", c));
            var root = MathF.Sqrt(c.Hidden);
            beforeRouter = new RmsNormLayer(Array.ConvertAll(w.Vector("ffn_gate_inp.scale", c.Hidden), gain => gain / root), c.NormEpsilon);
            var router = new Router(w.Linear("ffn_gate_inp", c.Hidden, routing.Experts), routing, []) { Scales = w.VectorOrEmpty("ffn_down_exps.scale", routing.Experts) };
            var (gateUps, downs) = w.Experts(routing.Experts, routing.Used, c.Hidden, c.Metadata.Positive("expert_feed_forward_length"));
            experts = new(router, gateUps, downs, gate);
        }

        public Tensor Forward(Tensor x, Batch batch)
        {
            var y = afterDense.Forward(dense.Forward(beforeDense.Forward(x), batch));
            y += afterExperts.Forward(experts.Forward(beforeExperts.Forward(x), beforeRouter.Forward(x), batch));
            return y;
        }
    }
}
