using Homegrown.Engine.Formats;
using Homegrown.Engine.Models;

namespace Homegrown.Engine.Folders;

/// <summary>Where a canonical tensor lies in a folder, and what makes it of what lies there.</summary>
/// <param name="Module">
/// The module ("model.layers.{l}.self_attn.q_proj"), or a tensor's whole name. {l} is the layer; with {e} the tensor is the stack of
/// those of all experts, with {r} the rows of all parts of a table. Of several ("a|b") it is the first that is there.
/// </param>
/// <param name="Shaped">Cuts or reorders it, given the keys; also applied to the module's bias. Null where it lies as it should.</param>
public sealed record TensorRule(string Module, Func<ModelTensor, ModelMetadata, ModelTensor>? Shaped = null)
{
    public static implicit operator TensorRule(string module) => new(module);
}

/// <summary>Canonical names of tensors, without ".weight", to where a folder has them; {l} is the layer.</summary>
public sealed class NameMap
{
    /// <summary>Llama's names in Hugging Face's library, which most families took over.</summary>
    public static NameMap Llama { get; } = Of(
        ("token_embd", "model.embed_tokens"),
        ("output_norm", "model.norm"),
        ("output", "lm_head"),
        ("blk.{l}.attn_norm", "model.layers.{l}.input_layernorm"),
        ("blk.{l}.attn_q", "model.layers.{l}.self_attn.q_proj"),
        ("blk.{l}.attn_k", "model.layers.{l}.self_attn.k_proj"),
        ("blk.{l}.attn_v", "model.layers.{l}.self_attn.v_proj"),
        ("blk.{l}.attn_output", "model.layers.{l}.self_attn.o_proj"),
        ("blk.{l}.attn_q_norm", "model.layers.{l}.self_attn.q_norm"),
        ("blk.{l}.attn_k_norm", "model.layers.{l}.self_attn.k_norm"),
        ("blk.{l}.ffn_norm", "model.layers.{l}.post_attention_layernorm"),
        ("blk.{l}.ffn_gate", "model.layers.{l}.mlp.gate_proj"),
        ("blk.{l}.ffn_up", "model.layers.{l}.mlp.up_proj"),
        ("blk.{l}.ffn_down", "model.layers.{l}.mlp.down_proj"));

    /// <summary>As <see cref="Llama"/>, with experts beside or instead of the dense feed-forward block.</summary>
    public static NameMap Experts { get; } = Llama.With(
        ("blk.{l}.ffn_gate_inp", "model.layers.{l}.mlp.gate"),
        ("blk.{l}.exp_probs_b.bias", "model.layers.{l}.mlp.gate.e_score_correction_bias"),
        ("blk.{l}.ffn_gate_exps", "model.layers.{l}.mlp.experts.{e}.gate_proj"),
        ("blk.{l}.ffn_up_exps", "model.layers.{l}.mlp.experts.{e}.up_proj"),
        ("blk.{l}.ffn_down_exps", "model.layers.{l}.mlp.experts.{e}.down_proj"),
        ("blk.{l}.ffn_gate_shexp", "model.layers.{l}.mlp.shared_experts.gate_proj"),
        ("blk.{l}.ffn_up_shexp", "model.layers.{l}.mlp.shared_experts.up_proj"),
        ("blk.{l}.ffn_down_shexp", "model.layers.{l}.mlp.shared_experts.down_proj"));

    readonly Dictionary<string, TensorRule> rules;

    NameMap(Dictionary<string, TensorRule> rules) => this.rules = rules;

    /// <summary>Names of a family that took over none.</summary>
    public static NameMap Of(params ReadOnlySpan<(string Canonical, TensorRule Rule)> names) => new NameMap([]).With(names);

    /// <summary>The same names with further ones; a name that is there already is replaced.</summary>
    public NameMap With(params ReadOnlySpan<(string Canonical, TensorRule Rule)> added)
    {
        var all = new Dictionary<string, TensorRule>(rules, StringComparer.Ordinal);
        foreach (var (canonical, rule) in added) all[canonical] = rule;
        return new(all);
    }

    /// <summary>The rule of a canonical name, with {l} filled in; null where this family has no such tensor.</summary>
    internal TensorRule? Find(string name)
    {
        var (pattern, layer) = Layer(name);
        foreach (var (ending, suffix) in ((string, string)[])[("", ""), (".weight", ""), (".bias", ".bias")])
            if (pattern.EndsWith(ending, StringComparison.Ordinal) && rules.TryGetValue(pattern[..^ending.Length], out var rule))
                return rule with { Module = rule.Module.Replace("{l}", layer, StringComparison.Ordinal).Replace("|", $"{suffix}|", StringComparison.Ordinal) + suffix };
        return null;
    }

    /// <summary>"blk.12.attn_q" to "blk.{l}.attn_q" and "12".</summary>
    static (string Pattern, string Layer) Layer(string name)
    {
        if (!name.StartsWith("blk.", StringComparison.Ordinal)) return (name, "");
        var end = name.IndexOf('.', 4);
        return end < 0 ? (name, "") : ($"blk.{{l}}{name[end..]}", name[4..end]);
    }
}
