using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Layers;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// Baichuan and Baichuan 2 (2023, arXiv 2309.10305 §2): 7B is Llama's block; 13B is told positions by ALiBi and does not turn. Baichuan 2 divides
/// each row of the head by its length (§2.5), which its folders and files leave to the reader.
/// </summary>
public static class Baichuan
{
    const int VocabularyOf2 = 125696, LayersOf13B = 40;

    public static readonly Architecture Architecture = new("baichuan")
    {
        Maker = "Baichuan",
        Models = "Baichuan and Baichuan 2 7B and 13B",
        Folders = [new("baichuan")
        {
            Keys = KeyMap.Decoder.With(("context_length", "max_position_embeddings|model_max_length")),
            Names = NameMap.Llama.With(
                ("blk.{l}.attn_q", new("model.layers.{l}.self_attn.W_pack", (tensor, keys) => Turned(Third(tensor, 0), keys))),
                ("blk.{l}.attn_k", new("model.layers.{l}.self_attn.W_pack", (tensor, keys) => Turned(Third(tensor, 1), keys))),
                ("blk.{l}.attn_v", new("model.layers.{l}.self_attn.W_pack", (tensor, _) => Third(tensor, 2)))),
            Idle = ["gradient_checkpointing", "z_loss_weight", "model_max_length"],
        }],
        Load = (c, w) =>
        {
            var rope = RopeLayer.Adjacent(c.HeadDim, c.Rope);
            var slopes = c.Layers == LayersOf13B ? AttentionOptions.AlibiSlopes(c.Heads) : null;
            return new Transformer(c, w, [rope], (layer, w) => new ResidualBlock(
                w.RmsNorm("attn_norm", c),
                new SelfAttention(layer, w, c.Hidden, c.Shape) { Rope = slopes is null ? rope : null, Options = new() { Slopes = slopes } },
                w.RmsNorm("ffn_norm", c),
                w.Gated(c)))
            { LogitScales = c.VocabularySize == VocabularyOf2 ? w.InverseLengths("output", c.VocabularySize, c.Hidden) : [] };
        },
    };

    static ModelTensor Third(ModelTensor tensor, int which) => tensor.Part(which * tensor.Shape[0] / 3, tensor.Shape[0] / 3);

    /// <summary>As GGUF has 7B's; 13B does not turn, its rows stay.</summary>
    static ModelTensor Turned(ModelTensor tensor, ModelMetadata keys)
        => keys.Positive("block_count") == LayersOf13B ? tensor : tensor.HalvesToPairs(keys.Positive("embedding_length") / keys.Positive("attention.head_count"));
}
