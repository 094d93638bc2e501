using Homegrown.Engine.Formats;
using Homegrown.Engine.Models;

namespace Homegrown.Engine.Folders;

/// <summary>Where folders have a Mamba-2 layer, and what GGUF makes of it: the rate of fading itself for its logarithm, gains by groups.</summary>
static class Mamba2Names
{
    /// <param name="module">Of the layer.</param>
    public static (string Canonical, TensorRule Rule)[] In(string module) =>
    [
        ("blk.{l}.ssm_in", $"{module}.in_proj"),
        ("blk.{l}.ssm_conv1d", $"{module}.conv1d"),
        ("blk.{l}.ssm_dt.bias", $"{module}.dt_bias"),
        ("blk.{l}.ssm_a", new($"{module}.A_log", (tensor, _) => tensor.Map(log => -MathF.Exp(log)))),
        ("blk.{l}.ssm_d", $"{module}.D"),
        ("blk.{l}.ssm_norm", new($"{module}.norm", ByGroup)),
        ("blk.{l}.ssm_out", $"{module}.out_proj"),
    ];

    static ModelTensor ByGroup(ModelTensor tensor, ModelMetadata keys)
    {
        var groups = keys.Optional("ssm.group_count", () => 1);
        return tensor.Shape[0] % groups == 0 ? tensor.As(groups, tensor.Shape[0] / groups) : throw tensor.Error($"has {tensor.Shape[0]} gains, no multiple of the {groups} groups");
    }
}
