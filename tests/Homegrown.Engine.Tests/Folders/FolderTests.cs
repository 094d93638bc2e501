using System.Text.Json.Nodes;
using Homegrown.Engine.Formats.Safetensors;
using Homegrown.Kernels;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Folders;

/// <summary>
/// Model folders against logits that transformers 5.23 computed in float32 from the same random weights. The bound is the fixtures'
/// own: float32 sums in another order reach 1e-11 outside of recurrences.
/// </summary>
public sealed class FolderTests
{
    const double Bound = 1e-10;

    public static TheoryData<string> Folders =>
    [
        "llama", "llama-ct-fp8", "llama-bias", "mistral", "mixtral", "internlm3", "ministral3", "qwen2", "qwen2-yarn", "qwen2-gptq-sym", "qwen2-gptq-asym", "qwen2-awq", "qwen2-ct-int4", "qwen2_moe", "qwen3", "qwen3-fp8", "qwen3_moe", "glm", "glm4", "glm4_moe",
        "ernie4_5", "ernie4_5_moe", "hunyuan_v1_dense", "hunyuan_v1_moe", "hy_v3", "minimax_m2", "seed_oss", "dots1", "gpt_oss", "gpt_oss-mxfp4", "gemma2", "gemma3_text", "phi3", "smollm3",
        "exaone4", "olmo3", "cohere2", "granite", "starcoder2", "stablelm", "gpt_neox", "nemotron", "arcee", "mimo_v2_flash", "step3p7", "llama-dynamic", "apertus",
        "deepseek_v4", "deepseek_v4-fp4", "qwen4_exp", "glm5_next",
        "minimax_m3",
        "deepseek_v32", "glm_moe_dsa", "dots3_note_text",
        "phimoe", "gemma4_text",
        "hy_v4",
        "deepseek_v2", "deepseek_v3", "deepseek_v3-fp8", "kimi_k25", "glm4_moe_lite", "youtu",
        "axk1", "mistral4", "minicpm3", "longcat_flash",
        "lfm2", "nemotron_h", "falcon_h1",
        "kimi_linear", "bailing_hybrid",
        "qwen3_next", "qwen3_5", "qwen3_5_moe", "qwen3_5_whole", "minimax",
    ];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Logits_equal_the_reference(string name)
    {
        var folder = Repository.Shared("hf", name);
        using var model = LocalModel.Load(folder, new() { Exact = true });
        using var reference = Reference.Open(folder);
        Assert.Empty(model.Warnings);
        foreach (var sequence in (string[])["a", "b"])
        {
            var tokens = Tokens(folder, sequence);
            var logits = new float[tokens.Length * model.VocabularySize];
            model.Logits(tokens, (position, row) => row.CopyTo(logits.AsSpan(position * model.VocabularySize)));
            Assert.InRange(Numbers.Nmse(logits, reference.Floats($"logits_{sequence}")), 0, Bound);
        }
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task Greedy_ids_equal_the_reference(string name)
    {
        var folder = Repository.Shared("hf", name);
        using var model = LocalModel.Load(folder, new() { Exact = true });
        using var reference = Reference.Open(folder);
        var expected = reference.Integers("greedy_a");
        var request = new GenerationRequest { Prompt = Tokens(folder, "a"), Sampling = new() { Temperature = 0 }, MaxTokens = expected.Length, IgnoreEnd = true };
        var generated = new List<int>();
        await foreach (var piece in model.GenerateAsync(request)) generated.Add(piece.Token!.Value);
        Assert.Equal(expected.Take(model.ContextLength - request.Prompt.Count), generated);     // llama-dynamic reaches its end
    }

    internal static int[] Tokens(string folder, string sequence)
        => [.. JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "tokens.json")))![sequence]!.AsArray().Select(token => (int)token!)];
}
