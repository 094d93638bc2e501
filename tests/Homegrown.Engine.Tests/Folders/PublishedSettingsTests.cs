using System.Text.Json.Nodes;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Folders;

/// <summary>
/// Makers publish config.json with settings of their own, which the library that made the fixtures writes otherwise: both are read, to the
/// same logits.
/// </summary>
public sealed class PublishedSettingsTests : IDisposable
{
    readonly string temporary = Directory.CreateTempSubdirectory("homegrown-settings-").FullName;

    [Fact]
    public void Step_has_lists_by_layer_and_other_settings_for_windows() => Equal("step3p7", whole =>
    {
        var c = whole["text_config"]!.AsObject();
        foreach (var name in (string[])["per_layer_config", "num_sliding_attention_heads", "rope_parameters", "mtp_layer_types", "mtp_mlp_layer_types", "query_pre_attn_scalar", "mlp_layer_types"]) c.Remove(name);
        c["attention_other_setting"] = new JsonObject { ["attention_type"] = "sliding_attention", ["num_attention_heads"] = 6, ["num_attention_groups"] = 2, ["head_dim"] = 16 };
        c["rope_theta"] = new JsonArray(1e6, 1e4, 1e4, 1e6, 1e6);
        c["partial_rotary_factors"] = new JsonArray(0.5, 1.0, 1.0, 0.5, 0.5);
        c["layer_types"]!.AsArray().Add("full_attention");     // a layer that predicts further
        c["yarn_only_types"] = new JsonArray("full_attention");
        c["moe_layers_enum"] = "1,2,3";
        c["moe_router_activation"] = "sigmoid";
        c["norm_expert_weight"] = true;
        Rename(c, ("num_key_value_heads", "num_attention_groups"), ("n_routed_experts", "moe_num_experts"), ("num_experts_per_tok", "moe_top_k"), ("max_position_embeddings", "max_seq_len"));
    });

    [Fact]
    public void MiMo_has_flags_by_layer_and_settings_of_windows() => Equal("mimo_v2_flash", c =>
    {
        foreach (var name in (string[])["rope_parameters", "layer_types", "mlp_layer_types"]) c.Remove(name);
        c["hybrid_layer_pattern"] = new JsonArray(0, 1, 1, 0);
        c["moe_layer_freq"] = new JsonArray(0, 1, 1, 1);
        c["sliding_window_size"] = 8;
        c["sliding_window"] = 8;
        (c["rope_theta"], c["swa_rope_theta"], c["partial_rotary_factor"]) = (5000000, 10000, 0.334);
        (c["swa_num_attention_heads"], c["swa_num_key_value_heads"], c["swa_head_dim"], c["swa_v_head_dim"]) = (4, 4, 24, 16);
        (c["add_swa_attention_sink_bias"], c["add_full_attention_sink_bias"]) = (true, false);
        Rename(c, ("rms_norm_eps", "layernorm_epsilon"));
    });

    public void Dispose() => Directory.Delete(temporary, recursive: true);

    void Equal(string name, Action<JsonObject> change)
    {
        var fixture = Repository.Shared("hf", name);
        foreach (var file in Directory.GetFiles(fixture)) File.Copy(file, Path.Combine(temporary, Path.GetFileName(file)));
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(fixture, "config.json")))!.AsObject();
        change(config);
        var written = Path.Combine(temporary, "config.json");
        File.Delete(written);
        File.WriteAllText(written, config.ToJsonString());

        using var model = LocalModel.Load(temporary, new() { Exact = true });
        Assert.Empty(model.Warnings);
        var tokens = FolderTests.Tokens(fixture, "a");
        var logits = new float[tokens.Length * model.VocabularySize];
        model.Logits(tokens, (position, row) => row.CopyTo(logits.AsSpan(position * row.Length)));
        using var reference = Reference.Open(fixture);
        Assert.InRange(Numbers.Nmse(logits, reference.Floats("logits_a")), 0, 1e-10);
    }

    static void Rename(JsonObject c, params ReadOnlySpan<(string From, string To)> names)
    {
        foreach (var (from, to) in names)
        {
            var value = c[from];
            c.Remove(from);
            c[to] = value;
        }
    }
}
