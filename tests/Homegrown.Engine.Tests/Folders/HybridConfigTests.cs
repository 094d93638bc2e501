using System.Text.Json.Nodes;
using Homegrown.Engine.Formats;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Folders;

/// <summary>Settings of hybrids that public folders write otherwise than the fixtures: understood to the same end, or refused by name.</summary>
public sealed class HybridConfigTests : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("homegrown-config-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void Qwen3_Next_may_state_an_interval_and_the_older_rotation()
        => Same("qwen3_next", config =>
        {
            Remove(config, "layer_types", "rope_parameters");
            (config["full_attention_interval"], config["partial_rotary_factor"], config["rope_theta"]) = (4, 0.25, 10000);
        });

    [Fact]
    public void Qwen3_5_turns_a_quarter_of_a_head_where_nothing_is_said()
        => Same("qwen3_5", config => config["rope_parameters"]!.AsObject().Remove("partial_rotary_factor"));

    [Fact]
    public void Qwen3_5_has_settings_of_its_release_that_change_nothing()
        => Same("qwen3_5", config =>
            (config["attn_output_gate"], config["mamba_ssm_dtype"], config["mtp_num_hidden_layers"], config["mtp_use_dedicated_embeddings"], config["full_attention_interval"]) = (true, "float32", 1, false, 4));

    [Fact]
    public void MiniMax_M1_lists_its_layers_by_number_and_has_longer_names()
        => Same("minimax", config =>
        {
            Remove(config, "layer_types", "full_attn_alpha_factor", "full_attn_beta_factor", "linear_attn_alpha_factor", "linear_attn_beta_factor", "mlp_alpha_factor", "mlp_beta_factor", "block_size");
            (config["model_type"], config["attn_type_list"], config["postnorm"], config["rotary_dim"]) = ("minimax_m1", new JsonArray(0, 0, 0, 1), true, 16);
            foreach (var kind in (string[])["full_attention", "linear_attention", "mlp"]) (config[$"layernorm_{kind}_alpha"], config[$"layernorm_{kind}_beta"]) = (3.5, 1);
            (config["shared_intermediate_size"], config["shared_moe_mode"]) = (0, "sigmoid");
        });

    [Fact]
    public void MiniMax_adds_to_the_stream_as_it_was_without_postnorm()
        => Other("minimax", config => (config["model_type"], config["postnorm"]) = ("minimax_text_01", false));

    [Theory]
    [InlineData("qwen3_next", "norm_topk_prob", "false")]
    [InlineData("qwen3_next", "rope_parameters", """{"rope_theta": 10000, "partial_rotary_factor": 0.5}""")]
    [InlineData("qwen3_next", "layer_types", """["linear_attention", "linear_attention", "linear_attention", "linear_attention"]""", "in_proj_qkv")]
    [InlineData("qwen3_next", "layer_types", """["linear_attention", "sliding_attention", "linear_attention", "full_attention"]""", "layer_types")]
    [InlineData("qwen3_next", "linear_num_key_heads", "3", "linear_num_key_heads")]
    [InlineData("qwen3_next", "attn_output_gate", "false", "q_proj")]
    [InlineData("qwen3_5", "hidden_act", "\"gelu\"", "hidden_act")]
    [InlineData("minimax", "mlp_alpha_factor", "2")]
    [InlineData("minimax", "linear_attn_beta_factor", "0.5")]
    [InlineData("minimax", "full_attn_alpha_factor", "1")]
    [InlineData("minimax", "sliding_window", "5")]
    [InlineData("minimax", "shared_intermediate_size", "32", "shared_intermediate_size")]
    public void A_setting_is_honoured_or_refused_by_name(string name, string setting, string value, string? refusal = null)
    {
        void Set(JsonObject config) => config[setting] = JsonNode.Parse(value);
        if (refusal is null) Other(name, Set);
        else Assert.Contains(refusal, Assert.Throws<ModelFileException>(() => Logits(Changed(name, Set))).Message);
    }

    void Same(string name, Action<JsonObject> change) => Assert.InRange(Difference(name, change), 0, 1e-12);

    void Other(string name, Action<JsonObject> change) => Assert.InRange(Difference(name, change), 1e-6, double.MaxValue);

    double Difference(string name, Action<JsonObject> change) => Numbers.Nmse(Logits(Changed(name, change)), Logits(Repository.Shared("hf", name)));

    /// <summary>The fixture with another config.json.</summary>
    string Changed(string name, Action<JsonObject> change)
    {
        var from = Repository.Shared("hf", name);
        var config = JsonNode.Parse(File.ReadAllText($"{from}/config.json"))!.AsObject();
        change(config);
        File.WriteAllText($"{folder.FullName}/config.json", config.ToJsonString());
        foreach (var file in (string[])["model.safetensors", "tokens.json"]) File.Copy($"{from}/{file}", $"{folder.FullName}/{file}");
        return folder.FullName;
    }

    static float[] Logits(string path)
    {
        using var model = LocalModel.Load(path, new() { Exact = true });
        Assert.Empty(model.Warnings);
        var tokens = FolderTests.Tokens(path, "a");
        var logits = new float[tokens.Length * model.VocabularySize];
        model.Logits(tokens, (position, row) => row.CopyTo(logits.AsSpan(position * model.VocabularySize)));
        return logits;
    }

    static void Remove(JsonObject config, params ReadOnlySpan<string> names)
    {
        foreach (var name in names) config.Remove(name);
    }
}
