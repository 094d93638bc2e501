using System.Text.Json.Nodes;
using Homegrown.Testing;

namespace Homegrown.Cli.Tests.Commands;

public sealed class InspectTests
{
    [Fact]
    public async Task The_json_sums_up_the_embedded_model()
    {
        var model = JsonNode.Parse((await Cli.RunAsync("inspect", "--json", "--tensors", "--ctx", "1000")).Out)!;
        Assert.Equal("llama", (string?)model["architecture"]);
        Assert.Equal(new FileInfo(Repository.Model).Length, (long?)model["bytes"]);
        Assert.Equal(30, (int?)model["metadata"]!["llama.block_count"]);
        Assert.Equal(49152, (int?)model["metadata"]!["tokenizer.ggml.tokens"]!["count"]);
        Assert.Equal(210, (int?)model["types"]!["Q4_1"]!["tensors"]);
        Assert.Equal(model["types"]!.AsObject().Sum(type => (int)type.Value!["tensors"]!), model["tensors"]!.AsArray().Count);
        // 30 layers of 3 heads of keys and values, 64 wide, 2 bytes each
        Assert.Equal(30 * 3 * 64 * 2 * 2, (int?)model["memory"]!["cache_bytes_per_position"]);
        Assert.Equal(1000, (int?)model["memory"]!["positions"]);
    }

    [Fact]
    public async Task Latent_attention_keeps_a_latent_and_the_shared_key_of_each_layer()
    {
        var model = JsonNode.Parse((await Cli.RunAsync("inspect", "--json", Repository.Shared("archs", "deepseek2.gguf"))).Out)!;
        Assert.Equal(2 * (512 + 64) * 2, (int?)model["memory"]!["cache_bytes_per_position"]);     // 2 layers, 2 bytes each
    }

    [Fact]
    public async Task The_table_shows_metadata_types_and_memory()
    {
        var outcome = await Cli.RunAsync("inspect", "smollm2-135m");
        Assert.Equal(0, outcome.Code);
        Assert.Contains("general.architecture", outcome.Out);
        Assert.Contains("Q4_1", outcome.Out);
        Assert.Contains("for 8,192 positions", outcome.Out);
        Assert.DoesNotContain("blk.0.attn_q.weight", outcome.Out);
        Assert.Contains("blk.0.attn_q.weight", (await Cli.RunAsync("inspect", "--tensors")).Out);
    }

    [Fact]
    public async Task A_folder_is_summed_up_like_a_file_with_every_kind_of_cache()
    {
        var experts = JsonNode.Parse((await Cli.RunAsync("inspect", Repository.Shared("hf", "qwen3_moe"), "--json", "--tensors")).Out)!;
        Assert.Equal("qwen3moe", (string?)experts["architecture"]);
        Assert.InRange((long)experts["active_parameters"]!, 1, (long)experts["parameters"]! - 1);
        Assert.Contains(experts["tensors"]!.AsArray(), tensor => (string?)tensor!["name"] == "blk.0.ffn_gate_exps.weight");
        var hybrid = JsonNode.Parse((await Cli.RunAsync("inspect", Repository.Shared("hf", "qwen3_next"), "--json")).Out)!["memory"]!;
        Assert.True((long)hybrid["state_bytes"]! > 0);
        var windows = JsonNode.Parse((await Cli.RunAsync("inspect", Repository.Shared("hf", "deepseek_v4"), "--json")).Out)!;
        Assert.NotEmpty(windows["memory"]!["windows"]!.AsArray());
        Assert.Contains(windows["cache"]!.AsArray(), entry => (string?)entry!["keeps"] == "latents");
        Assert.Contains(" for a token", (await Cli.RunAsync("inspect", Repository.Shared("hf", "qwen3_moe"))).Out);
    }

    [Fact]
    public async Task A_cache_of_bytes_takes_17_of_32_parts()
    {
        async Task<long> Bytes(string type) => (long)JsonNode.Parse((await Cli.RunAsync("inspect", "--json", "--cache-type", type)).Out)!["memory"]!["cache_bytes"]!;
        Assert.Equal(await Bytes("f16") / 32 * 17, await Bytes("q8_0"));
        Assert.Equal(await Bytes("f16") / 32 * 9, await Bytes("q4_0"));
    }

    [Theory]
    [InlineData(null, "config.json")]
    [InlineData("no JSON", "config.json")]
    [InlineData("""{ "model_type": "qwen9" }""", "'qwen9' is not supported")]
    [InlineData("""{ "model_type": "llama" }""", "model.safetensors")]
    public async Task A_folder_that_is_no_model_is_one_line(string? config, string said)
    {
        var folder = Directory.CreateTempSubdirectory("homegrown-");
        try
        {
            if (config is not null) File.WriteAllText(Path.Combine(folder.FullName, "config.json"), config);
            var outcome = await Cli.RunAsync("inspect", folder.FullName);
            Assert.Equal(2, outcome.Code);
            Assert.Contains(said, outcome.Error);
            Assert.Single(outcome.Error.TrimEnd().Split('\n'));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
