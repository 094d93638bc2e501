using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>AFM-4.5B (Arcee, 2025): Llama's block with the square of a ReLU and no gate.</summary>
public static class Arcee
{
    public static readonly Architecture Architecture = new("arcee")
    {
        Maker = "Arcee",
        Models = "AFM 4.5B",
        Folders = [new("arcee") { Names = Llama.Paired(NameMap.Llama) }],
        Load = (c, w) => Llama.Build(c, w, RopeLayer.Adjacent(c.HeadDim, c.Rope), (_, w) => w.Plain(c, Activation.ReluSquared)),
    };
}
