namespace Homegrown.Engine.Folders;

/// <summary>Where folders have what layers of Kimi delta attention share, and what GGUF makes of it: the rate itself for its logarithm.</summary>
static class KimiDeltaNames
{
    /// <param name="module">Of the layer.</param>
    public static (string Canonical, TensorRule Rule)[] In(string module) =>
    [
        ("blk.{l}.ssm_conv1d_q", $"{module}.q_conv1d"),
        ("blk.{l}.ssm_conv1d_k", $"{module}.k_conv1d"),
        ("blk.{l}.ssm_conv1d_v", $"{module}.v_conv1d"),
        ("blk.{l}.ssm_f_a", $"{module}.f_a_proj"),
        ("blk.{l}.ssm_f_b", $"{module}.f_b_proj"),
        ("blk.{l}.ssm_g_a", $"{module}.g_a_proj"),
        ("blk.{l}.ssm_g_b", $"{module}.g_b_proj"),
        ("blk.{l}.ssm_beta", $"{module}.b_proj"),
        ("blk.{l}.ssm_dt.bias", $"{module}.dt_bias"),
        ("blk.{l}.ssm_a", new($"{module}.A_log", (tensor, _) => tensor.Map(log => -MathF.Exp(log)))),
        ("blk.{l}.ssm_norm", $"{module}.o_norm"),
    ];
}
