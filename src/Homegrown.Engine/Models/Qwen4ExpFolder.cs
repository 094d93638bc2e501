using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;

namespace Homegrown.Engine.Models;

/// <summary>Qwen4-Exp's folders: what Qwen3.5's have, and the names of streams, indexers and hashed embeddings.</summary>
static class Qwen4ExpFolder
{
    static readonly NameMap Names = Qwen3Next.Names.With(
        ("output_hc_norm", new("model.hyper_connection_mixer.hc_norm", Qwen3Next.Gain)),
        ("output_hc_down", "model.hyper_connection_mixer.input_mix_weight_down"),
        ("output_hc_up", "model.hyper_connection_mixer.input_mix_weight_up"),
        ("blk.{l}.hc_attn_norm", new("model.layers.{l}.attn_hyper_connection.hc_norm", Qwen3Next.Gain)),
        ("blk.{l}.hc_attn_down", "model.layers.{l}.attn_hyper_connection.input_mix_weight_down"),
        ("blk.{l}.hc_attn_up", "model.layers.{l}.attn_hyper_connection.input_mix_weight_up"),
        ("blk.{l}.hc_attn_inject", "model.layers.{l}.attn_hyper_connection.block_inject_weight"),
        ("blk.{l}.hc_ffn_norm", new("model.layers.{l}.mlp_hyper_connection.hc_norm", Qwen3Next.Gain)),
        ("blk.{l}.hc_ffn_down", "model.layers.{l}.mlp_hyper_connection.input_mix_weight_down"),
        ("blk.{l}.hc_ffn_up", "model.layers.{l}.mlp_hyper_connection.input_mix_weight_up"),
        ("blk.{l}.hc_ffn_inject", "model.layers.{l}.mlp_hyper_connection.block_inject_weight"),
        ("blk.{l}.indexer.q_proj", new("model.layers.{l}.self_attn.indexer.index_qk_proj", (tensor, keys) => tensor.Part(0, Queries(keys)))),
        ("blk.{l}.indexer.k_proj", new("model.layers.{l}.self_attn.indexer.index_qk_proj", (tensor, keys) => tensor.Part(Queries(keys), keys.Positive("attention.indexer.key_length")))),
        ("blk.{l}.indexer.q_norm", new("model.layers.{l}.self_attn.indexer.q_layernorm", Qwen3Next.Gain)),
        ("blk.{l}.indexer.k_norm", new("model.layers.{l}.self_attn.indexer.k_layernorm", Qwen3Next.Gain)),
        ("blk.{l}.ple_key", "model.layers.{l}.ple.key_proj"),
        ("blk.{l}.ple_value", "model.layers.{l}.ple.value_proj"),
        ("blk.{l}.ple_norm_key", new("model.layers.{l}.ple.norm_key", Qwen3Next.Gain)),
        ("blk.{l}.ple_norm_query", new("model.layers.{l}.ple.norm_query", Qwen3Next.Gain)),
        ("blk.{l}.ple_norm_conv", new("model.layers.{l}.ple.norm_conv", Qwen3Next.Gain)),
        ("blk.{l}.ple_conv1d", "model.layers.{l}.ple.conv1d"),
        ("blk.{l}.ple_token_embd", "model.layers.{l}.ple.ple_embedding.ngram_embedding|model.layers.{l}.ple.ple_embedding.ngram_embedding.shard_{r}"),
        ("blk.{l}.ple_layer_multipliers", "model.layers.{l}.ple.ple_embedding.layer_multipliers"),
        ("blk.{l}.ple_head_offsets", "model.layers.{l}.ple.ple_embedding.ngram_heads_offsets"),
        ("blk.{l}.ple_head_vocab_sizes", "model.layers.{l}.ple.ple_embedding.ngram_heads_vocab_sizes"));

    public static FolderMap Map { get; } = new("qwen4_exp", "qwen4_exp_text")
    {
        Keys = Qwen3Next.Keys35.With(
            ("hyper_connection.count", "hc_count"),
            ("hyper_connection.low_rank", "hc_lowrank"),
            ("attention.indexer.head_count", "indexer_n_heads"),
            ("attention.indexer.key_length", "indexer_head_dim"),
            ("attention.indexer.top_k", "indexer_budget"),
            ("ssm.output_gate", "output_gate_type"),
            ("ple.ngram_size", "ngram_size"),
            ("ple.heads_per_ngram", "heads_per_ngram"),
            ("ple.conv_kernel", "ple_conv_kernel_size")).With(
            ("attention.compress_ratios", c => c.Integer("indexer_kv_heads") is null or 1 ? c.Integer("indexer_compress_ratio") : throw c.Error("indexer_kv_heads", "is not supported (1 is)")),
            ("embedding_length_per_layer_input", PartWidth),
            ("ple.eos_token_id", c => c.Find("eos_token_id") is long[] and [var first, ..] ? first : c.Integer("eos_token_id"))),
        Names = Names,
        Idle = [.. Qwen3Next.Idle, "make_ngram_vocab_size_divisible_by", "ngram_vocab_size_base", "number_of_conv_states", "ple_layer_ids", "seed", "split_ngram_parts"],
    };

    static int Queries(ModelMetadata keys) => keys.Positive("attention.indexer.head_count") * keys.Positive("attention.indexer.key_length");

    /// <summary>Numbers of a head's embedding.</summary>
    static object? PartWidth(FolderConfig c)
        => (c.Integer("ple_embed_dim") ?? c.Integer("hidden_size")) / (((c.Integer("ngram_size") ?? 3) - 1) * (c.Integer("heads_per_ngram") ?? 8));
}
