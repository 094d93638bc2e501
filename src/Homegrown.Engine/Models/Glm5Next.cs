using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// GLM-5-Next (Zhipu, 2026, model card of GLM-5.3-Flash): three layers of Kimi delta attention to one of latent attention, which sees the windows of
/// positions that an indexer chooses by one pooled key each, and the open one; residual streams under manifold-constrained
/// hyper-connections, whose mean is normed at the end; dense first layers, then experts by sigmoid scores with a shared one, all gates
/// clamped. No layer turns anything.
/// </summary>
public static class Glm5Next
{
    static readonly KeyMap Keys = LatentFolders.Keys.With(
        ("kda.head_dim", "linear_attn_config.head_dim|linear_head_dim"),
        ("kda.head_count", "linear_attn_config.num_heads|linear_num_heads"),
        ("ssm.conv_kernel", "linear_attn_config.short_conv_kernel_size|linear_conv_kernel_dim"),
        ("attention.indexer.head_count", "index_n_heads"),
        ("attention.indexer.key_length", "index_head_dim"),
        ("attention.indexer.top_k", "index_topk"),
        ("attention.indexer.block_size", "index_kpool"),
        ("hyper_connection.count", "hc_mult"),
        ("hyper_connection.sinkhorn_iterations", "hc_sinkhorn_iters"),
        ("hyper_connection.epsilon", "hc_eps"),
        ("swiglu_clamp_exp", "swiglu_limit")).With(
        ("attention.latent_norm_epsilon", _ => null),
        ("attention.recurrent_layers", LayerKinds.Linear),
        ("attention.indexer.types", IndexerTypes),
        ("attention.indexer.tail", c => c.Flag("index_kpool_always_select_tail") is false ? throw c.Error("index_kpool_always_select_tail", "false is not supported: rows of the first window would see nothing") : null),
        ("rope.dimension_count", c => c.Integer("qk_rope_head_dim") is null or 0 ? null : throw c.Error("qk_rope_head_dim", "is not supported (0 is): the layers of this family turn nothing")),
        ("kda.lower_bound", LowerBound));

    static readonly NameMap Names = LatentFolders.Names.With(
        ("blk.{l}.hc_attn_fn", "model.layers.{l}.hc_attn_fn"),
        ("blk.{l}.hc_attn_scale", "model.layers.{l}.hc_attn_scale"),
        ("blk.{l}.hc_attn_base", "model.layers.{l}.hc_attn_base"),
        ("blk.{l}.hc_ffn_fn", "model.layers.{l}.hc_ffn_fn"),
        ("blk.{l}.hc_ffn_scale", "model.layers.{l}.hc_ffn_scale"),
        ("blk.{l}.hc_ffn_base", "model.layers.{l}.hc_ffn_base"),
        ("blk.{l}.indexer.attn_q_b", "model.layers.{l}.self_attn.indexer.wq_b"),
        ("blk.{l}.indexer.attn_k", "model.layers.{l}.self_attn.indexer.wk"),
        ("blk.{l}.indexer.k_norm", "model.layers.{l}.self_attn.indexer.k_norm"),
        ("blk.{l}.indexer.proj", "model.layers.{l}.self_attn.indexer.weights_proj"),
        ("blk.{l}.indexer_compressor_gate", "model.layers.{l}.self_attn.indexer.index_kpool_compress_gate"),
        ("blk.{l}.indexer_compressor_ape", "model.layers.{l}.self_attn.indexer.index_kpool_compress_ape"),
        ("blk.{l}.ssm_conv1d_q", "model.layers.{l}.self_attn.q_conv1d"),
        ("blk.{l}.ssm_conv1d_k", "model.layers.{l}.self_attn.k_conv1d"),
        ("blk.{l}.ssm_conv1d_v", "model.layers.{l}.self_attn.v_conv1d"),
        ("blk.{l}.ssm_f_a", "model.layers.{l}.self_attn.f_a_proj"),
        ("blk.{l}.ssm_f_b", "model.layers.{l}.self_attn.f_b_proj"),
        ("blk.{l}.ssm_g_a", "model.layers.{l}.self_attn.g_a_proj"),
        ("blk.{l}.ssm_g_b", "model.layers.{l}.self_attn.g_b_proj"),
        ("blk.{l}.ssm_beta", "model.layers.{l}.self_attn.b_proj"),
        ("blk.{l}.ssm_dt.bias", "model.layers.{l}.self_attn.dt_bias"),
        ("blk.{l}.ssm_a", new("model.layers.{l}.self_attn.A_log", (tensor, _) => tensor.Map(log => -MathF.Exp(log)))),
        ("blk.{l}.ssm_norm", "model.layers.{l}.self_attn.o_norm"));

    public static readonly Architecture Architecture = new("glm5-next")
    {
        Maker = "Zhipu",
        Folders = [new("glm5_next_text", "glm5_next")
        {
            Keys = Keys,
            Names = Names,
            Idle = [.. LatentFolders.Idle, "first_k_dense_replace", "index_topk_freq", "index_topk_pattern", "index_skip_topk_offset", "linear_attn_config", "linear_lower_bound", "topk_method", "scoring_func"],
        }],
        Load = (c, w) =>
        {
            var (keys, kept) = (c.Metadata, new KvShape());
            if (c.Activation != Activation.Silu) throw keys.Error("activation", "is not supported here (silu is)");
            var (streams, dim) = (c.ReadStreams(), keys.Optional("kda.head_dim", () => 128));
            var heads = keys.Optional("kda.head_count", () => 64);
            var (states, width, bound) = (new RecurrenceShape(heads, heads, dim, dim), keys.Optional("ssm.conv_kernel", () => 4), (float?)keys.Number("kda.lower_bound"));
            if (bound >= 0) throw keys.Error("kda.lower_bound", $"{bound} is not below 0");
            var recurrent = c.RecurrentLayers(interval: 4);
            var indexers = new Indexers(c, kept);
            var gate = new Gate(c.Activation) { Limit = keys.Number("swiglu_clamp_exp") is > 0 and var limit ? (float)limit : null };
            var routing = c.ReadRouting(RouterScores.Sigmoid, normalised: true) with { Floor = 1e-20f };
            return new Transformer(
                c, w, [],
                (layer, w) => w.HyperBlock(
                    c, streams, recurrent[layer] ? new KimiDeltaNet(w, c.Hidden, states, width, bound, c.NormEpsilon, kept) : Attention(layer, w),
                    w.Has("ffn_gate_inp") ? w.Experts(c, routing, gate) : w.Gated(c.Hidden, c.FeedForward, gate)),
                new MeanOfStreams(streams.Streams, w.RmsNorm("output_norm", c)), kept)
            {
                Streams = streams.Streams,
            };

            LatentAttention Attention(int layer, Weights w) => new(w, c.Hidden, indexers.Shape, kept) { Indexer = indexers.Of(layer, w) };
        },
    };

    /// <summary>1 for layers with an indexer of their own, 0 for those that take over the choice of the one before: as listed, by a pattern ("FSSF") or by its period.</summary>
    static long[]? IndexerTypes(FolderConfig c)
    {
        if (c.Find("indexer_types") is string[] types)
            return Array.ConvertAll(types, type => type switch { "full" => 1L, "shared" => 0L, _ => throw c.Error("indexer_types", $"'{type}' is not supported (full, shared are)") });
        if (c.Text("index_topk_pattern") is { } pattern) return pattern.Select(letter => letter == 'F' ? 1L : 0L).ToArray();
        if (c.Integer("index_topk_freq") is not (> 1 and var period)) return null;
        var skipped = c.Integer("index_skip_topk_offset") ?? 2;
        return Enumerable.Range(0, (int)(c.Integer("num_hidden_layers") ?? 0)).Select(layer => Math.Max(layer - skipped + 1, 0) % period == 0 ? 1L : 0L).ToArray();
    }

    /// <summary>-5 where nothing is said; none where it is null, and no safe gate asked for.</summary>
    static object? LowerBound(FolderConfig c)
        => c.Find("linear_attn_config.gate_lower_bound") ?? c.Find("linear_lower_bound")
            ?? (!c.Mentions("linear_lower_bound") || (c.Has("linear_attn_config") && c.Flag("linear_attn_config.safe_gate") is not false) ? -5.0 : null);

    /// <summary>The attentions' shape, and their indexers layer by layer.</summary>
    sealed class Indexers
    {
        const float NormEpsilon = 1e-6f;        // of the layer norm of the indexer's keys, whatever the configuration says

        readonly ModelConfig c;
        readonly KvShape kept;
        readonly WindowChoices choices = new();
        readonly int[] types;
        readonly int window, dim;
        readonly IndexerOptions options;
        bool chosen;

        public Indexers(ModelConfig c, KvShape kept)
        {
            (this.c, this.kept) = (c, kept);
            var keys = c.Metadata;
            var key = keys.Positive("attention.key_length_mla");
            Shape = new(
                c.Heads, keys.Positive("attention.q_lora_rank"), keys.Positive("attention.kv_lora_rank"), key, TurnedDim: 0, keys.Positive("attention.value_length_mla"),
                1 / MathF.Sqrt(key), c.NormEpsilon);
            types = keys.Integers("attention.indexer.types", c.Layers) ?? [.. Enumerable.Repeat(1, c.Layers)];
            (window, dim) = (keys.Optional("attention.indexer.block_size", () => 16), keys.Positive("attention.indexer.key_length"));
            var positions = keys.Positive("attention.indexer.top_k");
            if (positions % window != 0) throw keys.Error("attention.indexer.top_k", $"{positions} positions are no whole windows of {window}");
            options = new(keys.Positive("attention.indexer.head_count"), positions / window);
        }

        public LatentShape Shape { get; }

        /// <param name="layer">Layers are asked for in order.</param>
        public IKeyChooser Of(int layer, Weights w)
        {
            if (types[layer] == 0) return chosen ? choices : throw c.Metadata.Error("attention.indexer.types", $"layer {layer} has no indexer, and none before it");
            chosen = true;
            var keys = new WindowKeys(
                w.Fused(c.Hidden, ("indexer.attn_k", dim), ("indexer_compressor_gate", dim)), gated: true, w.Matrix("indexer_compressor_ape", window, dim), dim,
                new(window, false), kept.Add(new KvEntry(1, dim, 0)), kept)
            {
                RowNorm = new LayerNormLayer(w.Vector("indexer.k_norm", dim), w.Vector("indexer.k_norm.bias", dim), NormEpsilon),
            };
            var queries = w.Linear("indexer.attn_q_b", Shape.QueryRank, options.Heads * dim);
            return new WindowChooser(new(queries, w.Linear("indexer.proj", c.Hidden, options.Heads), keys, options, choices), choices);
        }
    }
}
