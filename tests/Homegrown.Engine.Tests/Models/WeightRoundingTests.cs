using Homegrown.Engine.Models;
using Homegrown.Kernels.Quant;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Models;

/// <summary>Weights that are rounded while a model is loaded.</summary>
public sealed class WeightRoundingTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Matrices_of_products_are_of_the_type_and_logits_near(bool exact)
    {
        var folder = Repository.Shared("hf", "qwen3");
        var (whole, rounded) = (Logits(folder, new() { Exact = true }, out _), Logits(folder, new() { Exact = exact, WeightType = TensorType.Q8_0 }, out var types));
        Assert.Contains(TensorType.Q8_0, types);
        Assert.DoesNotContain(TensorType.F32, types);
        Assert.InRange(Numbers.Nmse(rounded, whole), 1e-9, 1e-3);
    }

    [Fact]
    public void What_is_smaller_already_stays()
    {
        var stored = Logits(Repository.Model, new(), out var types);
        Assert.Equal(stored, Logits(Repository.Model, new() { WeightType = TensorType.Q8_0 }, out var kept));
        Assert.Equal(types, kept);
    }

    [Fact]
    public void Types_that_need_importances_are_none() => Assert.False(WeightRounding.CanRoundTo(TensorType.IQ1_S));

    static float[] Logits(string path, EngineOptions options, out IEnumerable<TensorType> types)
    {
        using var model = LocalModel.Load(path, options);
        types = model.BytesByType.Keys;
        var logits = new float[3 * model.VocabularySize];
        model.Logits([5, 7, 9], (position, row) => row.CopyTo(logits.AsSpan(position * row.Length)));
        return logits;
    }
}
