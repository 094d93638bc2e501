using System.Runtime.InteropServices;
using Homegrown.Testing;

namespace Homegrown.Cli.Tests.Commands;

public sealed class LogitsTests : IDisposable
{
    readonly string file = Path.GetTempFileName();

    public void Dispose() => File.Delete(file);

    [Theory]
    [InlineData("llama")]
    [InlineData("llama-ropefreqs")]
    [InlineData("qwen2")]
    [InlineData("qwen2-yarn")]
    public async Task Exact_logits_are_those_of_the_reference(string name)
    {
        var model = Repository.Shared("archs", $"{name}.gguf");
        var outcome = await Cli.RunAsync("logits", model, "--tokens", "@" + Repository.Shared("archs", $"{name}.tokens.txt"), "--out", file, "--exact");
        Assert.Equal(new Outcome(0, "", ""), outcome);
        Assert.True(Golden.Nmse(Floats(File.ReadAllBytes(file)), Floats(File.ReadAllBytes(Repository.Shared("archs", $"{name}.logits.f32")))) < 1e-9);
    }

    [Fact]
    public async Task Exact_logits_of_the_embedded_model_are_golden()
    {
        var ids = string.Join(' ', Golden.Conversations()[0]["prompt_ids"]!.AsArray());
        var outcome = await Cli.RunAsync("logits", "--tokens", ids, "--out", file, "--exact");
        Assert.Equal(new Outcome(0, "", ""), outcome);
        var (positions, golden) = Golden.Logits();
        var rows = Floats(File.ReadAllBytes(file)).Chunk(golden.Length / positions.Length).ToList();
        Assert.True(Golden.Nmse([.. positions.SelectMany(position => rows[position])], golden) < 1e-9);
    }

    [Theory]
    [InlineData("1 two 3", "'two' is no token id")]
    [InlineData("1 49152", "0 to 49151")]
    [InlineData("-1", "'-1' is no token id")]
    [InlineData(" ", "there is no id in it")]
    public async Task What_is_no_id_is_named(string tokens, string said)
    {
        var outcome = await Cli.RunAsync("logits", "--tokens", tokens, "--out", file);
        Assert.Equal(2, outcome.Code);
        Assert.Contains(said, outcome.Error);
    }

    static float[] Floats(byte[] bytes) => MemoryMarshal.Cast<byte, float>(bytes).ToArray();
}
