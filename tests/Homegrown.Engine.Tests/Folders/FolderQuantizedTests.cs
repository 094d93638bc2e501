using Homegrown.Kernels.Quant;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Folders;

/// <summary>Every family in the kernels that people run: weights as stored or of 8 bits, inputs of 8 bits, keys and values in halves.</summary>
public sealed class FolderQuantizedTests
{
    public static TheoryData<string> Folders => FolderTests.Folders;

    // Highest today: 4e-4 with weights as stored (formats of 4 bits and gpt-oss, whose scores are sharp), 1.4e-2 with weights of 8 bits
    // (DeepSeek-V3.2, whose indexer then chooses other positions). A family whose fast path went another way would be near 1.
    [Theory]
    [MemberData(nameof(Folders))]
    public void Logits_are_near_those_in_float32(string name)
    {
        var folder = Repository.Shared("hf", name);
        var exact = Rows(folder, new() { Exact = true });
        var (stored, rounded) = (Median(Rows(folder, new()), exact), Median(Rows(folder, new() { WeightType = TensorType.Q8_0 }), exact));
        Assert.InRange(stored, 1e-9, 1e-3);
        Assert.InRange(rounded, 1e-9, 2e-2);
    }

    /// <summary>Of rows, so that a row in which an expert or a position was chosen by a hair does not count for all.</summary>
    static double Median(float[][] rows, float[][] exact) => rows.Zip(exact, (row, wanted) => Numbers.Nmse(row, wanted)).Order().ElementAt(rows.Length / 2);

    static float[][] Rows(string folder, EngineOptions options)
    {
        using var model = LocalModel.Load(folder, options);
        // Exactly, phimoe keeps its short factors as its reference does (ADR 9): both ways agree within the short context.
        var tokens = FolderTests.Tokens(folder, folder.EndsWith("phimoe", StringComparison.Ordinal) ? "b" : "a");
        var rows = new float[tokens.Length][];
        model.Logits(tokens, (position, row) => rows[position] = row.ToArray());
        return rows;
    }
}
