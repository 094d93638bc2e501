using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Layers;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// Decoders with layer norms: StarCoder2 (BigCode, 2024, arXiv 2402.19173 §5), StableLM 2 (Stability, 2024, arXiv 2402.17834 §2),
/// GPT-NeoX and Pythia (EleutherAI, 2022, arXiv 2204.06745 §2), Nemotron-4 and Minitron (NVIDIA, 2024, arXiv 2402.16819 §2), Orion (OrionStar,
/// 2024, arXiv 2401.12246 §3). They differ by gate, activation, norms on heads, and by branches side by side.
/// </summary>
public static class LayerNormFamilies
{
    public static readonly Architecture StarCoder2 = new("starcoder2")
    {
        Maker = "BigCode",
        Models = "StarCoder2 3B to 15B",
        Folders = [new("starcoder2")
        {
            Names = NameMap.Llama.With(("blk.{l}.ffn_up", "model.layers.{l}.mlp.c_fc"), ("blk.{l}.ffn_down", "model.layers.{l}.mlp.c_proj")),
            Idle = ["embedding_dropout", "residual_dropout"],
        }],
        Load = (c, w) => Build(c, w, false, w => w.Plain(c, Activation.GeluTanh)),
    };

    public static readonly Architecture StableLm = new("stablelm")
    {
        Maker = "Stability",
        Models = "StableLM 2 1.6B and 12B",
        Folders = [new("stablelm")
        {
            Keys = KeyMap.Decoder.With(("use_parallel_residual", "use_parallel_residual")),
            Names = NameMap.Llama.With(
                ("blk.{l}.attn_q_norm", "model.layers.{l}.self_attn.q_layernorm.norms.{e}"),
                ("blk.{l}.attn_k_norm", "model.layers.{l}.self_attn.k_layernorm.norms.{e}")),
            Idle = ["qk_layernorm"],
        }],
        Load = (c, w) => Build(c, w, c.Metadata.Flag("use_parallel_residual", true) && !w.Layer(0).Has("ffn_norm"), w => w.Gated(c)),
    };

    public static readonly Architecture GptNeoX = new("gptneox")
    {
        Maker = "EleutherAI",
        Models = "Pythia 14M to 12B, GPT-NeoX 20B",
        Folders = [new("gpt_neox")
        {
            Keys = KeyMap.Decoder.With(("use_parallel_residual", "use_parallel_residual")),
            Names = NameMap.Of(
                ("token_embd", "gpt_neox.embed_in"),
                ("output_norm", "gpt_neox.final_layer_norm"),
                ("output", "embed_out"),
                ("blk.{l}.attn_norm", "gpt_neox.layers.{l}.input_layernorm"),
                ("blk.{l}.attn_qkv", new("gpt_neox.layers.{l}.attention.query_key_value", HeadsApart)),
                ("blk.{l}.attn_output", "gpt_neox.layers.{l}.attention.dense"),
                ("blk.{l}.ffn_norm", "gpt_neox.layers.{l}.post_attention_layernorm"),
                ("blk.{l}.ffn_up", "gpt_neox.layers.{l}.mlp.dense_h_to_4h"),
                ("blk.{l}.ffn_down", "gpt_neox.layers.{l}.mlp.dense_4h_to_h")),
            Idle = ["classifier_dropout", "is_decoder"],
        }],
        Load = (c, w) => Build(c, w, c.Metadata.Flag("use_parallel_residual", true), w => w.Plain(c, Activation.Gelu)),
    };

    public static readonly Architecture Nemotron = new("nemotron")
    {
        Maker = "NVIDIA",
        Models = "Nemotron-4 15B, Minitron 4B and 8B",
        Folders = [new("nemotron")
        {
            Names = NameMap.Llama.With(
                ("output_norm.weight", new("model.norm.weight", PlusOne)),
                ("blk.{l}.attn_norm.weight", new("model.layers.{l}.input_layernorm.weight", PlusOne)),
                ("blk.{l}.ffn_norm.weight", new("model.layers.{l}.post_attention_layernorm.weight", PlusOne))),
        }],
        Load = (c, w) => Build(c, w, false, w => w.Plain(c, Activation.ReluSquared)),
    };

    public static readonly Architecture Orion = new("orion")
    {
        Maker = "OrionStar",
        Models = "Orion 14B",
        Folders = [new("orion")],
        Load = (c, w) => Build(c, w, false, w => w.Gated(c)),
    };

    /// <param name="parallel">Both branches take the stream as it comes in; StableLM's of one norm, GPT-NeoX' of two.</param>
    static Transformer Build(ModelConfig c, Weights w, bool parallel, Func<Weights, IFeedForward> feedForward)
    {
        var rope = RopeLayer.Halves(c.HeadDim, c.Rope);
        return new(c, w, [rope], Block, w.LayerNorm("output_norm", c));

        IBlock Block(int layer, Weights w)
        {
            var attention = new SelfAttention(layer, w, c.Hidden, c.Shape) { Rope = rope, Norms = w.HeadLayerNorms(c), Options = new() { Window = c.Window(layer) } };
            var between = w.Has("ffn_norm") ? w.LayerNorm("ffn_norm", c) : null;
            return parallel
                ? new ParallelBlock(w.LayerNorm("attn_norm", c), attention, between, feedForward(w))
                : new ResidualBlock(w.LayerNorm("attn_norm", c), attention, between, feedForward(w));
        }
    }

    /// <summary>Rows [head][q, k, v] to [q, k, v][head].</summary>
    static ModelTensor HeadsApart(ModelTensor tensor, ModelMetadata keys)
    {
        var (heads, rows) = (keys.Positive("attention.head_count"), tensor.Shape[0]);
        var dim = rows / 3 / heads;
        return tensor.Rows(rows, row => (row / dim % heads * 3 * dim) + (row / (heads * dim) * dim) + (row % dim));
    }

    static ModelTensor PlusOne(ModelTensor tensor, ModelMetadata keys) => tensor.Map(gain => 1 + gain);
}
