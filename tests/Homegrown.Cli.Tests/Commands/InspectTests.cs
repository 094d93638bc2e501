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
}
