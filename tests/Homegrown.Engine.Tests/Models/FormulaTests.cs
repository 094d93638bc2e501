using System.Text.Json.Nodes;
using Homegrown.Engine.Tests.Folders;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Models;

/// <summary>
/// Families without a fixture, against the formulae of their papers and modelling code in float64: as folders, and as the GGUF file of the
/// same weights.
/// </summary>
public sealed class FormulaTests
{
    const double Bound = 1e-11;     // float32 sums reach 1e-13

    /// <summary>Ids of the architectures that are compared here.</summary>
    internal static readonly string[] Architectures = ["xverse", "orion", "command-r", "stablelm"];

    static readonly int[] Tokens = [.. Enumerable.Range(0, 24).Select(i => (i * 29 + 7) % 64)];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Xverse_is_Llamas_block(int seed)
    {
        using var folder = new RandomFolder(seed, "xverse", new() { ["rms_norm_eps"] = 1e-6, ["hidden_act"] = "silu", ["rope_theta"] = 500000.0 });
        Equal(folder.AddMatrices().AddNorms(biases: false, "input_layernorm", "post_attention_layernorm"), new(folder) { Epsilon = 1e-6, Theta = 500000 });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Orion_is_Llamas_block_with_layer_norms(int seed)
    {
        using var folder = new RandomFolder(seed, "orion", new() { ["rms_norm_eps"] = 1e-5, ["hidden_act"] = "silu", ["rope_theta"] = 10000.0 });
        Equal(folder.AddMatrices().AddNorms(biases: true, "input_layernorm", "post_attention_layernorm"), new(folder) { LayerNorm = true });
    }

    [Fact]
    public void Command_R_has_both_branches_on_one_norm()
    {
        using var folder = new RandomFolder(3, "cohere", new() { ["layer_norm_eps"] = 1e-5, ["hidden_act"] = "silu", ["rope_theta"] = 8000000.0, ["logit_scale"] = 0.5 });
        Equal(folder.AddMatrices(tied: true).AddNorms(biases: false, "input_layernorm"), new(folder) { LayerNorm = true, Parallel = true, Neighbours = true, Theta = 8e6, LogitScale = 0.5 });
    }

    [Fact]
    public void Command_R_plus_norms_heads()
    {
        static string Name(string of, int head) => $"{of}_norm";
        using var folder = new RandomFolder(4, "cohere", new() { ["layer_norm_eps"] = 1e-5, ["hidden_act"] = "silu", ["rope_theta"] = 75000000.0, ["use_qk_norm"] = true });
        Equal(
            folder.AddMatrices(tied: true).AddNorms(biases: false, "input_layernorm").AddHeadNorms(Name),
            new(folder) { LayerNorm = true, Parallel = true, Neighbours = true, Theta = 7.5e7, LogitScale = 0.0625, HeadNorm = Name });
    }

    [Fact]
    public void The_largest_StableLM_norms_heads_and_has_both_branches_on_one_norm()
    {
        static string Name(string of, int head) => $"{of}_layernorm.norms.{head}";
        using var folder = new RandomFolder(5, "stablelm", new() { ["layer_norm_eps"] = 1e-5, ["hidden_act"] = "silu", ["use_parallel_residual"] = true, ["qk_layernorm"] = true });
        Equal(folder.AddMatrices().AddNorms(biases: true, "input_layernorm").AddHeadNorms(Name), new(folder) { LayerNorm = true, Parallel = true, HeadNorm = Name });
    }

    static void Equal(RandomFolder folder, PlainDecoder formula)
    {
        folder.Write();
        var expected = Array.ConvertAll(formula.Logits(Tokens), logit => (float)logit);
        var gguf = Path.Combine(folder.Path, "model.gguf");
        GgufOfFolder.Write(folder.Path, gguf);
        foreach (var path in (string[])[folder.Path, gguf])
        {
            using var model = LocalModel.Load(path, new() { Exact = true });
            Assert.Empty(model.Warnings);
            Assert.Contains(model.Architecture, Architectures);
            var logits = new float[expected.Length];
            model.Logits(Tokens, (position, row) => row.CopyTo(logits.AsSpan(position * row.Length)));
            Assert.InRange(Numbers.Nmse(logits, expected), 0, Bound);
        }
    }
}
