using Homegrown.Engine.Folders;

namespace Homegrown.Engine.Models;

/// <summary>A.X K1 (SK Telecom, 2026): DeepSeek-V3 with one more norm, on what the experts give before it is added.</summary>
public static class AxK1
{
    public static readonly Architecture Architecture = new("axk1")
    {
        Maker = "SK Telecom",
        Models = "A.X K1 519B",
        Folders = [DeepSeek2.V3 with
        {
            ModelTypes = ["axk1", "AXK1"],
            Names = LatentFolders.Names.With(("blk.{l}.post_ffw_norm", "model.layers.{l}.post_mlp_layernorm")),
        }],
        Load = (c, w) => DeepSeek2.Build(c, w),
    };
}
