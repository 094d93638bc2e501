using Homegrown.Kernels;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Models;

/// <summary>
/// Every architecture against logits that llama.cpp computed in float32 from the same random weights: 40 tokens, a tiny model.
/// The bound, NMSE 1e-9, is the fixtures' own; float32 sums in another order reach about 1e-12.
/// </summary>
public sealed class ArchitectureTests
{
    const double Bound = 1e-9;

    // Spark's reference rounds each GELU to half precision: where float32 sums in another order fall to the other side, it shows (1.9e-9).
    const double HalfBound = 4e-9;

    internal static readonly string[] Names =
    [
        "llama", "llama-ropefreqs", "mistral3", "qwen2", "qwen2-yarn", "qwen2moe", "qwen2vl", "qwen3", "qwen3moe", "minicpm", "baichuan-32", "baichuan-40", "chatglm", "glm4", "glm4moe",
        "hunyuan", "hunyuan-moe", "ernie4_5", "ernie4_5-moe", "minimax-m2", "internlm2", "gpt-oss", "gemma3", "phi3", "spark2_5",
        "deepseek2",
        "qwen35", "minimax-01",
    ];

    public static TheoryData<string, Tier> Models
    {
        get
        {
            var rows = new TheoryData<string, Tier>();
            foreach (var name in Names)
                foreach (var tier in Enum.GetValues<Tier>()) rows.Add(name, tier);
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Logits_equal_the_reference(string name, Tier tier)
    {
        var (path, tokens, reference) = Fixture(name);
        using var model = LocalModel.Load(path, new() { Exact = true, Tier = tier });
        var logits = All(model, tokens);
        Assert.InRange(Numbers.Nmse(logits, reference), 0, name == "spark2_5" ? HalfBound : Bound);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Prefill_equals_step_by_step(string name, Tier tier)
    {
        var (path, tokens, _) = Fixture(name);
        using var model = LocalModel.Load(path, new() { Exact = true, Tier = tier });
        var whole = All(model, tokens);
        using var steps = new StepDriver(model.Path, exact: true, tier);
        for (var i = 0; i < tokens.Length; i++)
        {
            var row = steps.Run((0, tokens[i..(i + 1)]))[0];
            Assert.InRange(Numbers.Nmse(row, whole.AsSpan(i * model.VocabularySize, model.VocabularySize)), 0, 1e-11);
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_ragged_batch_equals_each_sequence_alone(string name, Tier tier)
    {
        var (path, tokens, _) = Fixture(name);
        var other = tokens.Reverse().ToArray();
        using var alone = new StepDriver(path, exact: true, tier);
        alone.Run((0, tokens[..7]));
        var first = alone.Run((0, tokens[7..9]))[0];
        alone.Run((1, other[..20]));
        var second = alone.Run((1, other[20..21]))[0];

        using var together = new StepDriver(path, exact: true, tier);
        together.Run((0, tokens[..7]), (1, other[..20]));
        var both = together.Run((1, other[20..21]), (0, tokens[7..9]));
        Assert.InRange(Numbers.Nmse(both[0], second), 0, 1e-11);
        Assert.InRange(Numbers.Nmse(both[1], first), 0, 1e-11);
    }

    static float[] All(LocalModel model, int[] tokens)
    {
        var logits = new float[tokens.Length * model.VocabularySize];
        model.Logits(tokens, (position, row) => row.CopyTo(logits.AsSpan(position * model.VocabularySize)));
        return logits;
    }

    internal static (string Path, int[] Tokens, float[] Logits) Fixture(string name)
    {
        return (At("gguf"), Numbers.Integers(At("tokens.txt")), Numbers.Floats(At("logits.f32")));

        string At(string kind) => Repository.Fixture("archs", $"{name}.{kind}") is var inTree && File.Exists(inTree) ? inTree : Repository.Shared("archs", $"{name}.{kind}");
    }
}
