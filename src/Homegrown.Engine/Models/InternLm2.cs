using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// InternLM2 and 2.5 (Shanghai AI Lab, 2024, arXiv 2403.17297 §2): Llama's block; a folder keeps q, k and v of each group of heads together.
/// XVERSE (2023) is Llama's block under its own name.
/// </summary>
public static class InternLm2
{
    public static readonly Architecture Architecture = new("internlm2")
    {
        Maker = "Shanghai AI Lab",
        Models = "InternLM2 and 2.5 1.8B to 20B",
        Folders = [new("internlm2")
        {
            Names = NameMap.Of(
                ("token_embd", "model.tok_embeddings"),
                ("output_norm", "model.norm"),
                ("output", "output"),
                ("blk.{l}.attn_norm", "model.layers.{l}.attention_norm"),
                ("blk.{l}.attn_q", new("model.layers.{l}.attention.wqkv", (tensor, keys) => Queries(tensor, keys))),
                ("blk.{l}.attn_k", new("model.layers.{l}.attention.wqkv", (tensor, keys) => Of(tensor, keys, 0).HalvesToPairs(HeadDim(keys)))),
                ("blk.{l}.attn_v", new("model.layers.{l}.attention.wqkv", (tensor, keys) => Of(tensor, keys, 1))),
                ("blk.{l}.attn_output", "model.layers.{l}.attention.wo"),
                ("blk.{l}.ffn_norm", "model.layers.{l}.ffn_norm"),
                ("blk.{l}.ffn_gate", "model.layers.{l}.feed_forward.w1"),
                ("blk.{l}.ffn_up", "model.layers.{l}.feed_forward.w3"),
                ("blk.{l}.ffn_down", "model.layers.{l}.feed_forward.w2")),
            Idle = ["attn_implementation"],
        }],
        Load = (c, w) => Llama.Build(c, w, RopeLayer.Adjacent(c.HeadDim, c.Rope)),
    };

    public static readonly Architecture Xverse = new("xverse")
    {
        Maker = "XVERSE",
        Models = "XVERSE 7B to 65B",
        Folders = [new("xverse") { Names = Llama.Paired(NameMap.Llama), Idle = ["max_tokenizer_truncation"] }],
        Load = (c, w) => Llama.Build(c, w, RopeLayer.Adjacent(c.HeadDim, c.Rope)),
    };

    static int HeadDim(ModelMetadata keys) => keys.Optional("attention.key_length", () => keys.Positive("embedding_length") / keys.Positive("attention.head_count"));

    /// <summary>Rows are [kvHeads][group queries, key, value][headDim]: the queries of all groups.</summary>
    static ModelTensor Queries(ModelTensor tensor, ModelMetadata keys)
    {
        var (dim, heads, groups) = (HeadDim(keys), keys.Positive("attention.head_count"), keys.Positive("attention.head_count_kv"));
        var group = heads / groups;
        return tensor.Rows(heads * dim, row => (row / (group * dim) * (group + 2) * dim) + (row % (group * dim))).HalvesToPairs(dim);
    }

    /// <summary>The keys (0) or values (1) of all groups.</summary>
    static ModelTensor Of(ModelTensor tensor, ModelMetadata keys, int which)
    {
        var (dim, heads, groups) = (HeadDim(keys), keys.Positive("attention.head_count"), keys.Positive("attention.head_count_kv"));
        var group = heads / groups;
        return tensor.Rows(groups * dim, row => (((row / dim * (group + 2)) + group + which) * dim) + (row % dim));
    }
}
