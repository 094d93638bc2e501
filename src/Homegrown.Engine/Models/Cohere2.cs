using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// Command R7B and Command A (Cohere, 2025, arXiv 2504.00698 §2): attention and feed-forward block side by side on one layer norm without
/// bias; three layers with a window, which are told positions, to one without, which is not. Logits are scaled. Tied.
/// </summary>
public static class Cohere2
{
    public static readonly Architecture Architecture = new("cohere2")
    {
        Maker = "Cohere",
        Models = "Command R7B, Command A 111B",
        Folders = [new("cohere2") { Keys = KeyMap.Decoder.With(("logit_scale", c => c.Number("logit_scale") ?? 0.0625)), Idle = ["sliding_window_pattern", "order_of_interleaved_layers", "position_embedding_type", "rotary_pct", "use_gated_activation", "use_parallel_block", "use_parallel_embedding", "use_qk_norm"] }],
        Load = (c, w) =>
        {
            var windows = c.WithFullLayers(period: 4, full: 3);
            var rope = RopeLayer.Adjacent(c.HeadDim, c.Rope);
            return new Transformer(c, w, [rope], (layer, w) => new ParallelBlock(
                w.LayerNorm("attn_norm", c),
                new SelfAttention(layer, w, c.Hidden, c.Shape)
                {
                    Rope = windows.Window(layer) is null ? null : rope,
                    Options = new() { Window = windows.Window(layer) },
                },
                null,
                w.Gated(c)), w.LayerNorm("output_norm", c))
            { LogitScale = c.Metadata.Optional("logit_scale", 1f) };
        },
    };
}
