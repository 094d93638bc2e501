using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Layers;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// DeepSeek-V4 (DeepSeek, 2026, technical report §2): residual streams under manifold-constrained hyper-connections (§2.2); attention to a
/// window and to compressed keys of all before, by layer chosen ones of short windows or all of long ones (§2.3); experts by
/// sqrt(softplus) scores with a bias that only chooses, in the first layers by the token's id instead (§2.1), with clamped gates.
/// </summary>
/// <remarks>
/// Layers that compress turn by a base of their own, which YaRN stretches without its factor on cosines; the others turn as trained. A window
/// that overlaps the one before it shows in products twice as wide.
/// </remarks>
public static class DeepSeek4
{
    public static readonly Architecture Architecture = new("deepseek4")
    {
        Maker = "DeepSeek",
        Models = "DeepSeek-V4",
        Folders = [DeepSeek4Folder.Map],
        Load = (c, w) =>
        {
            var keys = c.Metadata;
            var layers = new Layers(c, c.ReadStreams(), new KvShape());
            var routing = c.ReadRouting(RouterScores.RootSoftplus, normalised: true) with { Floor = 1e-20f };
            var limits = keys.Numbers("swiglu_clamp_exp", c.Layers);
            var sharedLimits = keys.Numbers("swiglu_clamp_shexp", c.Layers) ?? limits;
            keys.Count("hash_layer_count");                                  // shown by their tables
            keys.Count("embedding_length_out");                              // all streams
            return new Transformer(
                c, w, layers.Ropes,
                (layer, w) => w.HyperBlock(c, layers.Streams, layers.Attention(layer, w), w.Experts(c, routing, Clamped(limits, layer), Clamped(sharedLimits, layer))),
                w.MixtureOfStreams(c, layers.Streams), layers.Kept)
            {
                Streams = layers.Streams.Streams,
            };

            Gate Clamped(double[]? limits, int layer) => new(c.Activation) { Limit = limits?[layer] is > 0 and var limit ? (float)limit : null };
        },
    };

    /// <summary>What all layers' attentions share.</summary>
    sealed class Layers
    {
        readonly ModelConfig c;
        readonly RopeLayer near, far, nearBack, farBack, indexerRope;
        readonly WindowChoices choices = new();
        readonly int[] ratios;
        readonly int queryRank, groups, rank, positions, indexerDim;
        readonly IndexerOptions? indexer;

        public Layers(ModelConfig c, HyperShape streams, KvShape kept)
        {
            (this.c, Streams, Kept) = (c, streams, kept);
            var keys = c.Metadata;
            ratios = keys.Integers("attention.compress_ratios", c.Layers) ?? new int[c.Layers];
            queryRank = keys.Positive("attention.q_lora_rank");
            (groups, rank) = (keys.Positive("attention.output_group_count"), keys.Positive("attention.output_lora_rank"));
            if (c.Heads % groups != 0) throw keys.Error("attention.output_group_count", $"{groups} does not divide the {c.Heads} heads");
            positions = c.Windows.Max();
            if (positions == 0) throw keys.Error("attention.sliding_window", "is missing");

            var plain = c.Rope with { Scaling = RopeScaling.None };
            var stretched = c.Rope with { Theta = keys.Number("attention.compress_rope_freq_base") ?? 160000 };
            if (stretched.Scaling.Kind == RopeScalingKind.Yarn)
                stretched = stretched with { Scaling = stretched.Scaling with { Magnitude = keys.Number("rope.scaling.attention_factor") ?? 1 } };
            (near, far) = (RopeLayer.Adjacent(c.HeadDim, plain).AtEndOf(c.HeadDim), RopeLayer.Adjacent(c.HeadDim, stretched).AtEndOf(c.HeadDim));
            (nearBack, farBack) = (near.Back(), far.Back());
            indexerDim = keys.Optional("attention.indexer.key_length", () => c.HeadDim);
            if (indexerDim < stretched.Dims) throw keys.Error("attention.indexer.key_length", $"{indexerDim} numbers are fewer than the {stretched.Dims} that turn");
            indexerRope = far.AtEndOf(indexerDim);
            if (keys.Has("attention.indexer.top_k")) indexer = new(keys.Positive("attention.indexer.head_count"), keys.Positive("attention.indexer.top_k"));
        }

        public HyperShape Streams { get; }

        public KvShape Kept { get; }

        public RopeLayer[] Ropes => [near, nearBack, far, farBack, indexerRope];

        public CompressedAttention Attention(int layer, Weights w)
        {
            var (dim, compressed) = (c.HeadDim, ratios[layer] > 0);
            var entry = Kept.Add(KvEntry.Latent(dim, dim));
            var outs = w.Tensor("attn_output_a", groups * rank, c.Heads / groups * dim);
            return new(
                entry, new(c.Heads, 1, dim, dim), positions,
                w.Fused(c.Hidden, ("attn_q_a", queryRank), ("attn_kv", dim)),
                w.Linear("attn_q_b", queryRank, c.Heads * dim),
                new([.. Enumerable.Range(0, groups).Select(group => new Matrix(w.Matrix(outs.Part(group * rank, rank))))]),
                w.Linear("attn_output_b", groups * rank, c.Hidden))
            {
                LatentNorm = w.RmsNorm("attn_q_a_norm", queryRank, c.NormEpsilon),
                QueryNorm = new RmsNormLayer([.. Enumerable.Repeat(1f, dim)], c.NormEpsilon),
                KeyNorm = w.RmsNorm("attn_kv_a_norm", dim, c.NormEpsilon),
                Rope = compressed ? far : near,
                Back = compressed ? farBack : nearBack,
                Sinks = w.Vector("attn_sinks", c.Heads),
                Windows = compressed ? Keys(w, "attn_compressor", ratios[layer], dim, entry, far) : null,
                Indexer = compressed && w.Has("indexer.proj") ? Indexer(w, ratios[layer]) : null,
                Choices = choices,
            };
        }

        WindowIndexer Indexer(Weights w, int window)
        {
            var options = indexer ?? throw c.Metadata.Error("attention.indexer.top_k", "is missing");
            var entry = Kept.Add(new KvEntry(1, indexerDim, 0));
            return new(w.Linear("indexer.attn_q_b", queryRank, options.Heads * indexerDim), w.Linear("indexer.proj", c.Hidden, options.Heads), Keys(w, "indexer_compressor", window, indexerDim, entry, indexerRope), options, choices)
            {
                Rope = indexerRope,
            };
        }

        WindowKeys Keys(Weights w, string name, int window, int dim, int entry, RopeLayer rope)
        {
            var overlaps = w.Rows($"{name}_kv") != dim;
            var columns = overlaps ? 2 * dim : dim;
            return new(w.Fused(c.Hidden, ($"{name}_kv", columns), ($"{name}_gate", columns)), gated: true, w.Matrix($"{name}_ape", window, columns), dim, new(window, overlaps), entry, Kept)
            {
                Norm = w.RmsNorm($"{name}_norm", dim, c.NormEpsilon),
                Rope = rope,
            };
        }
    }
}
