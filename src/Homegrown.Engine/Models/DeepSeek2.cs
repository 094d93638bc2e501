using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// DeepSeek-V2 and V3 (DeepSeek, 2024, arXiv 2405.04434 §2 and 2412.19437 §2.1): latent attention; dense first layers, then many small
/// experts beside shared ones, chosen from the best groups. V2 takes softmax scores and groups by their best; V3 sigmoids with a bias that
/// only chooses, and groups by their two best. In V3's shape: Kimi K2 (Moonshot, 2025, arXiv 2507.20534 §2.2), GLM-4.7-Flash (Zhipu,
/// 2026), and without experts Youtu-LLM (Tencent, 2025, arXiv 2512.24618 §2).
/// </summary>
/// <remarks>Layers beyond the count predict further tokens and are not run.</remarks>
public static class DeepSeek2
{
    public static readonly Architecture Architecture = new("deepseek2")
    {
        Maker = "DeepSeek",
        Models = "DeepSeek-V2 16B and 236B, V3, R1 and V3.1 671B, Kimi K2 1T, GLM-4.7-Flash, Youtu-LLM 2B",
        Folders =
        [
            new("deepseek_v2")
            {
                Keys = LatentFolders.Keys.With(
                    ("expert_gating_func", c => LatentFolders.Scores(c, 1)),
                    ("expert_group_count", c => IsGrouped(c) ? c.Integer("n_group") : null),
                    ("expert_weights_norm", _ => false)),    // whatever norm_topk_prob says, in Hugging Face's library
                Names = LatentFolders.Names,
                Idle = [.. LatentFolders.Idle, "n_group", "norm_topk_prob"],
            },
            new("deepseek_v3", "kimi_k2", "glm4_moe_lite", "youtu")
            {
                Keys = LatentFolders.Keys.With(("expert_gating_func", c => LatentFolders.Scores(c, 2))).With(("expert_weights_norm", c => c.Flag("norm_topk_prob") ?? (c.Integer("n_routed_experts") > 0 ? true : null))),
                Names = LatentFolders.Names,
                Idle = LatentFolders.Idle,
            },
        ],
        Load = (c, w) => Build(c, w),
    };

    /// <summary>The shape of all of them.</summary>
    /// <param name="groupsByTwo">How groups of experts are ranked, where it is not the scores that tell V2 from V3.</param>
    /// <param name="indexerRope">How heads of indexers of this width turn; null where rows attend to all that they may see.</param>
    internal static Transformer Build(ModelConfig c, Weights w, bool? groupsByTwo = null, Func<int, RopeLayer>? indexerRope = null)
    {
        var kept = new KvShape();
        var shape = LatentShape.Read(c);
        var rope = shape.Rope(c);
        var temperature = QueryTemperature.Read(c);
        var indexers = indexerRope is null ? null : new Indexers(c, indexerRope, kept);
        var routing = c.Metadata.Count("expert_count") > 0 ? c.ReadRouting(indexerRope is null ? RouterScores.Softmax : RouterScores.Sigmoid, normalised: false) : null;
        if (routing is not null) routing = routing with { GroupsByTwo = groupsByTwo ?? routing.Scores == RouterScores.Sigmoid };
        return new Transformer(c, w, indexers is null ? [rope] : [rope, indexers.Rope], (layer, w) => new ResidualBlock(
            w.RmsNorm("attn_norm", c),
            new LatentAttention(w, c.Hidden, shape, kept) { Rope = rope, Temperature = temperature, Indexer = indexers?.Of(layer, w) },
            w.RmsNorm("ffn_norm", c),
            routing is not null && w.Has("ffn_gate_inp") ? w.Experts(c, routing) : w.Gated(c))
        {
            AfterFeedForward = w.Has("post_ffw_norm") ? w.RmsNorm("post_ffw_norm", c) : null,
        }, cache: kept);
    }

    static bool IsGrouped(FolderConfig c) => c.Text("topk_method") switch
    {
        null or "greedy" => false,
        "group_limited_greedy" => true,
        var name => throw c.Error("topk_method", $"'{name}' is not supported (greedy, group_limited_greedy are)"),
    };
}
