using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// DeepSeek-V3.2 (DeepSeek, 2025, arXiv 2512.02556 §2.1): V3's layers, and in each an indexer that chooses the positions which the latent
/// attention sees. Heads of the indexer turn by halves at their beginning, though those of the attention turn by pairs at their end.
/// GLM-5 (Zhipu, 2026) is of the same shape; its indexers turn by pairs, and since 5.2 most layers take over the choice of one before them.
/// </summary>
/// <remarks>
/// The makers' own code turns queries and keys of the indexer by a Hadamard matrix before it rounds them to 8 bits; their products stay the
/// same, and here nothing is rounded. Layers beyond the count predict further tokens and are not run.
/// </remarks>
public static class DeepSeek32
{
    public static readonly Architecture Architecture = new("deepseek32")
    {
        Maker = "DeepSeek",
        Folders = [new("deepseek_v32") { Keys = Keys, Names = Names, Idle = Idle }],
        Load = (c, w) => Build(c, w, pairs: false),
    };

    public static readonly Architecture Glm5 = new("glm-dsa")
    {
        Maker = "Zhipu",
        Folders = [new("glm_moe_dsa") { Keys = Keys, Names = Names, Idle = [.. Idle, "index_share_for_mtp_iteration"] }],
        Load = (c, w) => Build(c, w, pairs: true),
    };

    static KeyMap Keys => LatentFolders.Keys.WithIndexers().With(
        ("expert_gating_func", c => LatentFolders.Scores(c, 2)),
        ("expert_weights_norm", c => c.Flag("norm_topk_prob") ?? true)).With(("attention.indexer.interleaved", "indexer_rope_interleave"));

    static NameMap Names => LatentFolders.Names.WithIndexers();

    static string[] Idle => [.. LatentFolders.Idle, "layer_types"];

    /// <param name="pairs">Heads of indexers turn by pairs, where the file says nothing.</param>
    static Transformer Build(ModelConfig c, Weights w, bool pairs) => DeepSeek2.Build(c, w, groupsByTwo: true, width
        => c.Metadata.Flag("attention.indexer.interleaved", pairs) ? RopeLayer.Adjacent(width, c.Rope) : RopeLayer.Halves(width, c.Rope));
}
