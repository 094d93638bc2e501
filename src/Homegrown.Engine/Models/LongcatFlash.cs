using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Layers;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;

namespace Homegrown.Engine.Models;

/// <summary>
/// LongCat-Flash (Meituan, 2025, arXiv 2509.01322 §2): a layer is two blocks of latent attention and a dense feed-forward block, and
/// experts on a shortcut, from the middle of the first block to the end of the second. Some experts give back their input, so that easy tokens
/// cost less. Latents are raised by sqrt(hidden / rank), so that their variance is that of the stream.
/// </summary>
public static class LongcatFlash
{
    public static readonly Architecture Architecture = new("longcat-flash")
    {
        Maker = "Meituan",
        Models = "LongCat-Flash 560B",
        Folders = [new("longcat_flash")
        {
            Keys = LatentFolders.Keys.With(
                ("block_count", "num_layers"),
                ("feed_forward_length", "ffn_hidden_size|intermediate_size"),
                ("expert_used_count", "moe_topk|num_experts_per_tok"),
                ("expert_zero_count", "zero_expert_num"),
                ("expert_feed_forward_length", "expert_ffn_hidden_size|moe_intermediate_size")).With(
                ("attention.q_lora_scale", c => LatentScale(c, "q")),
                ("attention.kv_lora_scale", c => LatentScale(c, "kv")),
                ("expert_zero_type", c => Only(c, "zero_expert_type", "identity")),
                ("attention.method", c => Only(c, "attention_method", "MLA"))),
            Names = LatentFolders.Names.With([.. NamesOf(0), .. NamesOf(1),
                ("blk.{l}.ffn_gate_inp", "model.layers.{l}.mlp.router.classifier"),
                ("blk.{l}.exp_probs_b.bias", "model.layers.{l}.mlp.router.e_score_correction_bias")]),
            Idle = [.. LatentFolders.Idle, "num_hidden_layers", "router_bias"],
        }],
        Load = (c, w) =>
        {
            var (kept, shape) = (new KvShape(), LatentShape.Read(c));
            var rope = shape.Rope(c);
            var routing = c.ReadRouting(RouterScores.Softmax, normalised: false);
            return new Transformer(c, w, [rope], (layer, w) => new ShortcutBlock(Block(w.Part("0")), Block(w.Part("1")), w.Experts(c, routing)), cache: kept);

            Block Block(Weights w) => new(w.RmsNorm("attn_norm", c), new(w, c.Hidden, shape, kept) { Rope = rope }, w.RmsNorm("ffn_norm", c), w.Gated(c));
        },
    };

    /// <summary>Names of one block of a layer: "blk.{l}.0.attn_norm".</summary>
    static IEnumerable<(string, TensorRule)> NamesOf(int block)
    {
        var (ours, layer) = ($"blk.{{l}}.{block}", "model.layers.{l}");
        return
        [
            ($"{ours}.attn_norm", $"{layer}.input_layernorm.{block}"),
            ($"{ours}.attn_q", $"{layer}.self_attn.{block}.q_proj"),
            ($"{ours}.attn_q_a", $"{layer}.self_attn.{block}.q_a_proj"),
            ($"{ours}.attn_q_a_norm", new($"{layer}.self_attn.{block}.q_a_layernorm", (gain, keys) => Raised(gain, keys.Optional("attention.q_lora_scale", 1f)))),
            ($"{ours}.attn_q_b", $"{layer}.self_attn.{block}.q_b_proj"),
            ($"{ours}.attn_kv_a_mqa", $"{layer}.self_attn.{block}.kv_a_proj_with_mqa"),
            ($"{ours}.attn_kv_a_norm", new($"{layer}.self_attn.{block}.kv_a_layernorm", (gain, keys) => Raised(gain, keys.Optional("attention.kv_lora_scale", 1f)))),
            ($"{ours}.attn_kv_b", $"{layer}.self_attn.{block}.kv_b_proj"),
            ($"{ours}.attn_output", $"{layer}.self_attn.{block}.o_proj"),
            ($"{ours}.ffn_norm", $"{layer}.post_attention_layernorm.{block}"),
            ($"{ours}.ffn_gate", $"{layer}.mlps.{block}.gate_proj"),
            ($"{ours}.ffn_up", $"{layer}.mlps.{block}.up_proj"),
            ($"{ours}.ffn_down", $"{layer}.mlps.{block}.down_proj"),
        ];
    }

    static ModelTensor Raised(ModelTensor gain, float scale) => gain.Map(value => value * scale);

    static double? LatentScale(FolderConfig c, string of)
        => (c.Flag($"mla_scale_{of}_lora") ?? true) && c.Number($"{of}_lora_rank") is > 0 and var rank ? Math.Sqrt((c.Number("hidden_size") ?? rank) / rank) : null;

    static object? Only(FolderConfig c, string setting, string known)
        => c.Text(setting) is { } name && name != known ? throw c.Error(setting, $"'{name}' is not supported ({known} is)") : null;

    sealed record Block(INorm Before, LatentAttention Attention, INorm Between, IFeedForward FeedForward);

    sealed class ShortcutBlock(Block first, Block second, ExpertsLayer experts) : IBlock
    {
        public void Forward(Tensor x, Batch batch)
        {
            x += first.Attention.Forward(first.Before.Forward(x), batch);
            var between = first.Between.Forward(x);
            var shortcut = experts.Forward(between, batch);
            x += first.FeedForward.Forward(between, batch);
            x += second.Attention.Forward(second.Before.Forward(x), batch);
            x += second.FeedForward.Forward(second.Between.Forward(x), batch);
            x += shortcut;
        }
    }
}
