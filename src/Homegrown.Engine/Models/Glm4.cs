using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// GLM-4-9B and GLM-Edge (Zhipu, 2024, arXiv 2406.12793 §2): Llama's block with biases on q, k and v, gate and up in one tensor, and half
/// of each head turning in adjacent pairs. GLM-4-0414 and GLM-Z1 (2025) also norm what each branch adds.
/// </summary>
public static class Glm4
{
    static readonly NameMap Names = NameMap.Llama.With(("blk.{l}.ffn_up", "model.layers.{l}.mlp.gate_up_proj"));

    public static readonly Architecture ChatGlm = new("chatglm")
    {
        Maker = "Zhipu",
        Models = "GLM-4-9B, GLM-Edge 1.5B and 4B",
        Folders =
        [
            new("glm") { Names = Names },
            new("chatglm")
            {
                Keys = KeyMap.Decoder.With(("attention.key_length", "kv_channels")).With(
                    ("rope.freq_base", c => 10000 * (c.Number("rope_ratio") ?? 1)), ("rope.dimension_count", c => c.Integer("kv_channels") / 2)),
                Idle =
                [
                    "add_bias_linear", "add_qkv_bias", "apply_query_key_layer_scaling", "apply_residual_connection_post_layernorm", "attention_softmax_in_fp32",
                    "bias_dropout_fusion", "classifier_dropout", "fp32_residual_connection", "multi_query_attention", "original_rope", "post_layer_norm", "rmsnorm",
                ],
                Names = NameMap.Of(
                    ("token_embd", "transformer.embedding.word_embeddings"),
                    ("output_norm", "transformer.encoder.final_layernorm"),
                    ("output", "transformer.output_layer"),
                    ("blk.{l}.attn_norm", "transformer.encoder.layers.{l}.input_layernorm"),
                    ("blk.{l}.attn_qkv", "transformer.encoder.layers.{l}.self_attention.query_key_value"),
                    ("blk.{l}.attn_output", "transformer.encoder.layers.{l}.self_attention.dense"),
                    ("blk.{l}.ffn_norm", "transformer.encoder.layers.{l}.post_attention_layernorm"),
                    ("blk.{l}.ffn_up", "transformer.encoder.layers.{l}.mlp.dense_h_to_4h"),
                    ("blk.{l}.ffn_down", "transformer.encoder.layers.{l}.mlp.dense_4h_to_h")),
            },
        ],
        Load = (c, w) => Llama.Build(c, w, RopeLayer.Adjacent(c.HeadDim, c.Rope)),
    };

    public static readonly Architecture Architecture = new("glm4")
    {
        Maker = "Zhipu",
        Models = "GLM-4-0414 9B and 32B, GLM-Z1",
        Folders = [new("glm4")
        {
            Names = Names.With(
                ("blk.{l}.post_attention_norm", "model.layers.{l}.post_self_attn_layernorm"),
                ("blk.{l}.post_ffw_norm", "model.layers.{l}.post_mlp_layernorm")),
        }],
        Load = (c, w) =>
        {
            // Builds with sections of positions (for pictures) reorder q and k so that pairs are halves.
            var rope = c.Metadata.Integers("rope.dimension_sections", 1) is [> 0, ..] ? RopeLayer.Halves(c.HeadDim, c.Rope) : RopeLayer.Adjacent(c.HeadDim, c.Rope);
            return new Transformer(c, w, [rope], (layer, w) => new ResidualBlock(
                w.RmsNorm("attn_norm", c),
                new SelfAttention(layer, w, c.Hidden, c.Shape) { Rope = rope },
                w.RmsNorm("ffn_norm", c),
                w.Gated(c))
            {
                AfterMixer = w.RmsNorm("post_attention_norm", c),
                AfterFeedForward = w.RmsNorm("post_ffw_norm", c),
            });
        },
    };
}
