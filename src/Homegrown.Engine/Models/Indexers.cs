using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>The indexers of a model with latent attention, by the keys and names that they have in GGUF: <c>attention.indexer.*</c>, blk.*.indexer.*.</summary>
sealed class Indexers
{
    readonly ModelConfig c;
    readonly KvShape kept;
    readonly LatestChoice latest = new();
    readonly int[]? types;
    readonly int dim, queryRank;
    readonly IndexerOptions options;
    bool chosen;

    /// <param name="rope">How heads of a width turn.</param>
    /// <param name="kept">Where layers add their entries.</param>
    public Indexers(ModelConfig c, Func<int, RopeLayer> rope, KvShape kept)
    {
        (this.c, this.kept) = (c, kept);
        var keys = c.Metadata;
        types = keys.Integers("attention.indexer.types", c.Layers);
        dim = keys.Positive("attention.indexer.key_length");
        if (c.Rope.Dims > dim) throw keys.Error("attention.indexer.key_length", $"{dim} numbers are fewer than the {c.Rope.Dims} that turn");
        queryRank = keys.Positive("attention.q_lora_rank");
        options = new(keys.Positive("attention.indexer.head_count"), keys.Positive("attention.indexer.top_k"));
        Rope = rope(dim);
    }

    public RopeLayer Rope { get; }

    /// <summary>Of the norm of keys.</summary>
    public float NormEpsilon { get; init; } = 1e-6f;

    /// <summary>The layer has an indexer of its own.</summary>
    public bool Has(int layer, Weights w) => types is null ? w.Has("indexer.attn_k") : types[layer] != 0;

    /// <summary>A layer's own, or where it has none (by <c>attention.indexer.types</c>, or its tensors) what the nearest before it chose.</summary>
    /// <param name="layer">Layers are asked for in order.</param>
    public IKeyChooser Of(int layer, Weights w)
    {
        if (Has(layer, w))
        {
            chosen = true;
            return new KeyIndexer(
                w.Linear("indexer.attn_q_b", queryRank, options.Heads * dim), w.Linear("indexer.attn_k", c.Hidden, dim),
                new LayerNormLayer(w.Vector("indexer.k_norm", dim), w.Vector("indexer.k_norm.bias", dim), NormEpsilon),
                w.Linear("indexer.proj", c.Hidden, options.Heads), Rope, options, latest, KeyIndexer.Entry(kept, dim));
        }

        w.PassOver("indexer.attn_q_b", "indexer.attn_k", "indexer.k_norm", "indexer.k_norm.bias", "indexer.proj");
        return chosen ? latest : throw c.Metadata.Error("attention.indexer.types", $"layer {layer} has no indexer, and none before it");
    }
}

/// <summary>What folders of such models have in common.</summary>
static class IndexerFolders
{
    public static KeyMap WithIndexers(this KeyMap keys) => keys.With(
        ("attention.indexer.head_count", "index_n_heads"),
        ("attention.indexer.key_length", "index_head_dim"),
        ("attention.indexer.top_k", "index_topk")).With(("attention.indexer.types", Types));

    public static NameMap WithIndexers(this NameMap names) => names.With(
        ("blk.{l}.indexer.attn_q_b", "model.layers.{l}.self_attn.indexer.wq_b"),
        ("blk.{l}.indexer.attn_k", "model.layers.{l}.self_attn.indexer.wk"),
        ("blk.{l}.indexer.k_norm", "model.layers.{l}.self_attn.indexer.k_norm"),
        ("blk.{l}.indexer.proj", "model.layers.{l}.self_attn.indexer.weights_proj"));

    /// <summary>
    /// By layer whether it has an indexer of its own: listed; as letters; or from a layer on every so many. Null where nothing is said: the
    /// tensors show it.
    /// </summary>
    static bool[]? Types(FolderConfig c)
    {
        if (c.Find("indexer_types") is string[] types) return Array.ConvertAll(types, type => Own("indexer_types", type));
        switch (c.Find("index_topk_pattern"))
        {
            case string letters: return letters.Select(letter => Own("index_topk_pattern", $"{letter}")).ToArray();
            case string[] pattern: return Array.ConvertAll(pattern, type => Own("index_topk_pattern", type));
        }

        if (c.Integer("index_topk_freq") is not { } every || c.Integer("num_hidden_layers") is not { } layers) return null;
        var offset = c.Integer("index_skip_topk_offset") ?? 2;
        return Enumerable.Range(0, (int)layers).Select(layer => Math.Max(layer - offset + 1, 0) % Math.Max(every, 1) == 0).ToArray();

        bool Own(string setting, string type) => type switch
        {
            "full" or "F" => true,
            "shared" or "S" => false,
            _ => throw c.Error(setting, $"'{type}' is not supported (full and shared are, or F and S)"),
        };
    }
}
