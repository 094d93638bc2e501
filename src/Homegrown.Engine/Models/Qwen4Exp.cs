using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Layers;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// Qwen4-Exp (Alibaba, 2026, model card of Qwen3.8-Flash-Next): Qwen3.5's delta-nets and gated attentions on several residual streams, gated
/// channel by channel in place of norms; an indexer chooses blocks of positions for each attention; hashed embeddings of the last few tokens
/// enter before some layers; experts with a shared one in every layer.
/// </summary>
/// <remarks>Norms of folders hold gain - 1, but for that of the delta-net. The last streams' reading is the last norm.</remarks>
public static class Qwen4Exp
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

    public static readonly Architecture Architecture = new("qwen4exp")
    {
        Maker = "Alibaba",
        Folders = [new("qwen4_exp", "qwen4_exp_text")
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
        }],
        Load = (c, w) =>
        {
            var (keys, kept) = (c.Metadata, new KvShape());
            if (c.Activation != Activation.Silu) throw keys.Error("activation", "is not supported here (silu is)");
            var layers = new Layers(c, kept);
            var recurrent = c.RecurrentLayers(interval: 4);
            var routing = c.ReadRouting(RouterScores.Softmax, normalised: true);
            var model = w;
            keys.Has("rope.dimension_sections");                             // of positions in pictures: read, and of no effect
            keys.Has("ple.image_token_id");
            return new Transformer(
                c, w, [layers.Rope, layers.IndexerRope],
                (layer, w) => NGrams(layer, w, new HyperBlock(
                    layers.Streams("hc_attn", w), null, recurrent[layer] ? layers.DeltaNet(w) : layers.Attention(layer, w), layers.Streams("hc_ffn", w), null, w.Experts(c, routing))),
                layers.Streams("output_hc", w, writes: false), kept)
            {
                Streams = layers.Count,
            };

            IBlock NGrams(int layer, Weights w, HyperBlock block)
            {
                if (!w.Has("ple_key")) return block;
                var tokens = keys.Optional("ple.ngram_size", () => 3);
                if (tokens < 2) throw keys.Error("ple.ngram_size", $"{tokens} tokens are no sequence");
                return new NGramBlock(block, w, c, Hash(w, model, c, tokens), layers.Count, tokens, keys.Optional("ple.conv_kernel", () => 4), kept);
            }
        },
    };

    static int Queries(ModelMetadata keys) => keys.Positive("attention.indexer.head_count") * keys.Positive("attention.indexer.key_length");

    /// <summary>Numbers of a head's embedding.</summary>
    static object? PartWidth(FolderConfig c)
        => (c.Integer("ple_embed_dim") ?? c.Integer("hidden_size")) / (((c.Integer("ngram_size") ?? 3) - 1) * (c.Integer("heads_per_ngram") ?? 8));

    /// <summary>The table with its constants, which a folder has layer by layer, a GGUF file once: in keys, for its one layer.</summary>
    static NGramHash Hash(Weights w, Weights model, ModelConfig c, int tokens)
    {
        var keys = c.Metadata;
        var heads = (tokens - 1) * keys.Optional("ple.heads_per_ngram", () => 8);
        var (own, width) = (w.Has("ple_token_embd"), keys.Positive("embedding_length_per_layer_input"));
        var parts = own ? w.Table("ple_token_embd", width) : model.Table("per_layer_token_embd", width);
        var (multipliers, sizes, offsets) = (Constants("ple_layer_multipliers", tokens), Constants("ple_head_vocab_sizes", heads), Constants("ple_head_offsets", heads));
        var rows = parts.Sum(part => (long)part.Rows);
        for (var head = 0; head < heads; head++)
            if (sizes[head] <= 0 || offsets[head] < 0 || offsets[head] > rows - sizes[head])
                throw keys.Error("ple.head_offsets", $"{sizes[head]} rows from {offsets[head]} on are not in the table's {rows}");
        foreach (var multiplier in multipliers)
            if (multiplier < 0 || multiplier > long.MaxValue / c.VocabularySize) throw keys.Error("ple.layer_multipliers", $"{multiplier} times an id is beyond 64 bits");
        return new(parts, multipliers, sizes, offsets, (int)(keys.Integer("ple.eos_token_id") ?? throw keys.Error("ple.eos_token_id", "is missing: it ends what is hashed")));

        long[] Constants(string name, int count)
        {
            if (own) return w.Integers(name, 1, count);
            var key = $"ple.{name["ple_".Length..]}";
            return keys.Longs(key) is { } values && values.Length >= count ? values[..count] : throw keys.Error(key, $"has no {count} values");
        }
    }

    /// <summary>What layers are made of.</summary>
    sealed class Layers
    {
        readonly ModelConfig c;
        readonly KvShape kept;
        readonly RecurrenceShape shape;
        readonly WindowChoices choices = new();
        readonly int rank, width, indexerDim;
        readonly int[] ratios;
        readonly bool gated;
        readonly Activation outputGate;

        public Layers(ModelConfig c, KvShape kept)
        {
            (this.c, this.kept) = (c, kept);
            var keys = c.Metadata;
            (Count, rank) = (keys.Positive("hyper_connection.count"), keys.Positive("hyper_connection.low_rank"));
            shape = GatedDeltaNet.ReadShape(keys) with { Tiled = !keys.Flag(Qwen3Next.Grouped, false) };
            (width, gated) = (keys.Positive("ssm.conv_kernel"), keys.Flag("attention.output_gate", true));
            outputGate = keys.Text("ssm.output_gate") switch
            {
                null or "silu" => Activation.Silu,
                "sigmoid" => Activation.Sigmoid,
                var name => throw keys.Error("ssm.output_gate", $"'{name}' is not supported (silu, sigmoid are)"),
            };
            ratios = keys.Integers("attention.compress_ratios", c.Layers) ?? new int[c.Layers];
            indexerDim = keys.Optional("attention.indexer.key_length", () => c.HeadDim);
            if (indexerDim < c.Rope.Dims) throw keys.Error("attention.indexer.key_length", $"{indexerDim} numbers are fewer than the {c.Rope.Dims} that turn");
            (Rope, IndexerRope) = (RopeLayer.Halves(c.HeadDim, c.Rope), RopeLayer.Halves(indexerDim, c.Rope));
        }

        /// <summary>Residual streams.</summary>
        public int Count { get; }

        public RopeLayer Rope { get; }

        public RopeLayer IndexerRope { get; }

        public GatedStreams Streams(string name, Weights w, bool writes = true)
        {
            var all = Count * c.Hidden;
            var down = writes ? w.Fused(all, ($"{name}_down", rank), ($"{name}_inject", Count)) : w.Linear($"{name}_down", all, rank);
            return new(Count, w.Vector($"{name}_norm", all), c.NormEpsilon, down, w.Linear($"{name}_up", rank, all), rank);
        }

        public GatedDeltaNet DeltaNet(Weights w) => new(w, c.Hidden, shape, width, c.NormEpsilon, kept) { GateActivation = outputGate };

        public SelfAttention Attention(int layer, Weights w)
        {
            var heads = c.Shapes[layer];
            var (entry, dim) = (kept.Add(new KvEntry(heads.KvHeads, heads.KeyDim, heads.ValueDim)), heads.KeyDim);
            return new(entry, w, c.Hidden, heads, gated ? new(0, dim, 2 * dim) : null)
            {
                Rope = Rope,
                Norms = w.HeadNorms(c),
                Gate = gated ? w.Fused(c.Hidden, new ProductPart("attn_q", heads.Heads * dim, new(dim, dim, 2 * dim))) : null,
                Indexer = ratios[layer] > 0 ? new WindowChooser(Indexer(w, ratios[layer]), choices) : null,
            };
        }

        WindowIndexer Indexer(Weights w, int window)
        {
            var keys = c.Metadata;
            var (heads, budget) = (keys.Positive("attention.indexer.head_count"), keys.Positive("attention.indexer.top_k"));
            if (budget < window) throw keys.Error("attention.indexer.top_k", $"{budget} positions are less than a block of {window}");
            var blocks = new WindowKeys(w.Linear("indexer.k_proj", c.Hidden, indexerDim), gated: false, [], indexerDim, new(window, false), kept.Add(new KvEntry(1, indexerDim, 0)), kept)
            {
                Norm = w.RmsNorm("indexer.k_norm", indexerDim, c.NormEpsilon),
                Rope = IndexerRope,
            };
            return new(w.Linear("indexer.q_proj", c.Hidden, heads * indexerDim), null, blocks, new(heads, budget / window), choices)
            {
                QueryNorm = w.RmsNorm("indexer.q_norm", indexerDim, c.NormEpsilon),
                Rope = IndexerRope,
            };
        }
    }
}
