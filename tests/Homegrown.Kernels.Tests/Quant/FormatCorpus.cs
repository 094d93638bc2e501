using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Tests.Quant;

/// <summary>What the tests of formats run over.</summary>
static class FormatCorpus
{
    internal static TensorType[] All { get; } = [.. Enum.GetValues<TensorType>().Where(QuantFormats.IsSupported)];

    internal static TensorType[] Coded { get; } = [.. All.Where(QuantFormats.IsCoded)];

    /// <summary>The name in file names: q4_K, f16.</summary>
    internal static string FileStem(TensorType type) => type.ToString().Replace("BF", "bf").Replace("F", "f").Replace("Q", "q");

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
