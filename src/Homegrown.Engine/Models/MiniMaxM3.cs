using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// MiniMax-M3 (MiniMax, 2026; the text part, after config.json and modelling code of MiniMaxAI/MiniMax-M3): M2's experts with one shared and
/// gpt-oss's clamped gate, norms by head, dense first layers, and in all layers after these attention to the best blocks of keys, which
/// small heads of an indexer choose, each for as many heads of the attention.
/// </summary>
/// <remarks>A folder's norms hold gain - 1, GGUF's the gain.</remarks>
public static class MiniMaxM3
{
    public static readonly Architecture Architecture = new("minimax-m3")
    {
        Maker = "MiniMax",
        Models = "MiniMax-M3 428B-A23B, the text part",
        Folders = [new("minimax_m3_vl_text", "minimax_m3")
        {
            Keys = KeyMap.Decoder.With(
                ("feed_forward_length", "dense_intermediate_size"),
                ("expert_feed_forward_length", "intermediate_size"),
                ("expert_shared_feed_forward_length", "shared_intermediate_size"),
                ("attention.indexer.head_count", "index_n_heads|sparse_attention_config.sparse_num_index_heads"),
                ("attention.indexer.key_length", "index_head_dim|sparse_attention_config.sparse_index_dim"),
                ("attention.indexer.top_k", "index_topk_blocks|sparse_attention_config.sparse_topk_blocks"),
                ("attention.indexer.block_size", "index_block_size|sparse_attention_config.sparse_block_size"),
                ("attention.indexer.local_blocks", "index_local_blocks|sparse_attention_config.sparse_local_block"),
                ("swiglu_alpha", "swiglu_alpha"),
                ("swiglu_limit", "swiglu_limit")).With(
                ("activation", c => c.Text("hidden_act") is "silu" or "swigluoai" ? null : c.Text("hidden_act")),
                ("rope.dimension_count", c => c.Integer("rotary_dim") ?? FolderRope.Dimensions(c))),
            Names = NameMap.Llama.With(
                ("output_norm", new("model.norm", (tensor, _) => tensor.Map(PlusOne))),
                ("blk.{l}.attn_norm", Gain("input_layernorm")),
                ("blk.{l}.ffn_norm", Gain("post_attention_layernorm")),
                ("blk.{l}.attn_q_norm", Gain("self_attn.q_norm")),
                ("blk.{l}.attn_k_norm", Gain("self_attn.k_norm")),
                ("blk.{l}.indexer.q_norm", Gain("self_attn.index_q_norm")),
                ("blk.{l}.indexer.k_norm", Gain("self_attn.index_k_norm")),
                ("blk.{l}.indexer.q_proj", "model.layers.{l}.self_attn.index_q_proj"),
                ("blk.{l}.indexer.k_proj", "model.layers.{l}.self_attn.index_k_proj"),
                ("blk.{l}.ffn_gate_inp", "model.layers.{l}.block_sparse_moe.gate"),
                ("blk.{l}.exp_probs_b.bias", "model.layers.{l}.block_sparse_moe.e_score_correction_bias"),
                ("blk.{l}.ffn_gate_exps", "model.layers.{l}.block_sparse_moe.experts.{e}.w1"),
                ("blk.{l}.ffn_up_exps", "model.layers.{l}.block_sparse_moe.experts.{e}.w3"),
                ("blk.{l}.ffn_down_exps", "model.layers.{l}.block_sparse_moe.experts.{e}.w2"),
                ("blk.{l}.ffn_gate_shexp", "model.layers.{l}.block_sparse_moe.shared_experts.gate_proj"),
                ("blk.{l}.ffn_up_shexp", "model.layers.{l}.block_sparse_moe.shared_experts.up_proj"),
                ("blk.{l}.ffn_down_shexp", "model.layers.{l}.block_sparse_moe.shared_experts.down_proj")),
            Idle =
            [
                "mlp_layer_types", "moe_layer_freq", "router_jitter_noise", "scoring_func", "use_routing_bias", "use_qk_norm", "qk_norm_type", "use_gemma_norm", "num_mtp_modules", "use_mtp",
                "mtp_transformer_layers",
            ],
        }],
        Load = (c, w) =>
        {
            var keys = c.Metadata;
            var rope = RopeLayer.Halves(c.HeadDim, c.Rope);
            var dim = keys.Positive("attention.indexer.key_length");
            var indexRope = dim == c.HeadDim ? rope : RopeLayer.Halves(dim, c.Rope);
            var options = new IndexerOptions(keys.Positive("attention.indexer.head_count"), keys.Positive("attention.indexer.top_k"))
            {
                BlockSize = keys.Positive("attention.indexer.block_size"),
                LocalBlocks = keys.Count("attention.indexer.local_blocks", 1),
            };
            var (choice, cache) = (new KeyChoice(), new KvShape(c.Shapes));
            var routing = c.ReadRouting(RouterScores.Sigmoid, normalised: true);
            var gate = new Gate(c.Activation) { Alpha = keys.Optional("swiglu_alpha", 1.702f), Limit = keys.Optional("swiglu_limit", 7f), Shift = 1 };
            return new Transformer(c, w, [rope, indexRope], (layer, w) => new ResidualBlock(
                w.RmsNorm("attn_norm", c),
                new SelfAttention(layer, w, c.Hidden, c.Shape)
                {
                    Rope = rope,
                    Norms = w.HeadNorms(c),
                    Indexer = w.Has("indexer.q_proj") ? new BlockIndexer(c, w, dim, indexRope, options, choice, cache) : null,
                },
                w.RmsNorm("ffn_norm", c),
                w.Has("ffn_gate_inp") ? w.Experts(c, routing, gate) : w.Gated(c.Hidden, c.FeedForward, gate)), cache: cache);
        },
    };

    static TensorRule Gain(string module) => new($"model.layers.{{l}}.{module}", (tensor, _) => tensor.Map(PlusOne));

    static float PlusOne(float gain) => 1 + gain;

    /// <summary>Blocks count for the best of their keys, by scores q·k of each head of the indexer; a row's own block always does.</summary>
    /// <param name="choice">Where the choice is made: one for all layers of a model.</param>
    sealed class BlockIndexer(ModelConfig c, Weights w, int dim, RopeLayer rope, IndexerOptions options, KeyChoice choice, KvShape kept) : IKeyChooser
    {
        readonly int entry = kept.Add(new KvEntry(1, dim, 0));
        readonly Linear queries = w.Linear("indexer.q_proj", c.Hidden, options.Heads * dim), keys = w.Linear("indexer.k_proj", c.Hidden, dim);
        readonly RmsNormLayer queryNorm = w.RmsNorm("indexer.q_norm", dim, c.NormEpsilon), keyNorm = w.RmsNorm("indexer.k_norm", dim, c.NormEpsilon);

        public KeyChoice? Choose(Tensor x, Tensor from, Batch batch)
        {
            using var scope = x.Compute.Scope();
            batch.Keep(entry, rope.Apply(keyNorm.Forward(keys.Forward(x)), batch));
            return batch.Choose(entry, rope.Apply(queryNorm.Forward(queries.Forward(from)), batch), null, options, choice);
        }
    }
}
