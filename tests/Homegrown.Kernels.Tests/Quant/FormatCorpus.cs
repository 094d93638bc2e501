using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Tests.Quant;

/// <summary>What the tests of formats run over.</summary>
static class FormatCorpus
{
    internal static TensorType[] All { get; } = [.. Enum.GetValues<TensorType>().Where(QuantFormats.IsSupported)];

    internal static TensorType[] Coded { get; } = [.. All.Where(QuantFormats.IsCoded)];

    /// <summary>Those with blocks: everything but floats.</summary>
    internal static TensorType[] Quantized { get; } = [.. All.Where(type => QuantFormats.BlockSize(type) > 1)];

    /// <summary>Every quantized format with importance, and without where it can do without.</summary>
    internal static IEnumerable<(TensorType Type, bool Weighted)> WithAndWithoutImportance(IEnumerable<TensorType> types)
        => types.SelectMany(type => new[] { (type, false), (type, true) }).Where(pair => pair.Item2 || !QuantFormats.NeedsImportance(pair.type));

    /// <summary>The name in file names: q4_K, iq2_xxs, f16.</summary>
    internal static string FileStem(TensorType type)
        => QuantFormats.Name(type) is var name && name.EndsWith("_K") ? name.ToLowerInvariant().Replace("_k", "_K") : name.ToLowerInvariant();

    /// <summary>Seeded values of a normal distribution.</summary>
    internal static float[] Normal(int count, int seed, float scale = 1)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (var i = 0; i < count; i++)
            values[i] = scale * (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return values;
    }
}
