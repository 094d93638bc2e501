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
            var logits = new float[expected.Length];
            model.Logits(Tokens, (position, row) => row.CopyTo(logits.AsSpan(position * row.Length)));
            Assert.InRange(Numbers.Nmse(logits, expected), 0, Bound);
        }
    }
}
