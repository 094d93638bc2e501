using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// dots.note 3 (rednote, 2026; the text part, after config.json and modelling code of dots-studio/dots3-note-prev): latent attention of two
/// sizes, in most layers to a window, in the others to positions that DeepSeek-V3.2's indexer chooses; a norm on the key that turns, a
/// sigmoid gate on heads or channels; experts as DeepSeek-V3's.
/// </summary>
public static class Dots3Note
{
    public static readonly Architecture Architecture = new("dots3note")
    {
        Maker = "rednote",
        Models = "dots.note 3 (text)",
        Folders = [Dots3NoteFolder.Map],
        Load = (c, w) =>
        {
            var (kept, window) = (new KvShape(), Array.FindIndex(c.Windows, positions => positions > 0));
            var full = LatentShape.Read(c);
            var rope = full.Rope(c);
            var indexers = c.Metadata.Has("attention.indexer.top_k") ? new Indexers(c, width => RopeLayer.Adjacent(width, c.Rope), kept) : null;
            var (local, localRope) = (full, rope);
            if (window >= 0)
            {
                var turns = RopeConfig.Read(c.Metadata, full.KeyDim, c.ContextLength, "_swa");
                local = LatentShape.Read(c, c.Shapes[window].Heads, turns, "_swa");
                localRope = local.Rope(c, turns);
            }

            var routing = c.ReadRouting(RouterScores.Sigmoid, normalised: true);
            return new Transformer(c, w, indexers is null ? [rope, localRope] : [rope, localRope, indexers.Rope], (layer, w) =>
            {
                var shape = c.Window(layer) is null ? full : local;
                return new ResidualBlock(
                    w.RmsNorm("attn_norm", c),
                    new LatentAttention(w, c.Hidden, shape, kept)
                    {
                        Rope = c.Window(layer) is null ? rope : localRope,
                        Options = new() { Window = c.Window(layer) },
                        Indexer = indexers?.Has(layer, w) == true ? indexers.Of(layer, w) : null,
                        Gate = w.Has("attn_gate") ? w.Linear("attn_gate", c.Hidden, w.Rows("attn_gate")) : null,
                    },
                    w.RmsNorm("ffn_norm", c),
                    w.Has("ffn_gate_inp") ? w.Experts(c, routing) : w.Gated(c));
            }, cache: kept);
        },
    };
}
