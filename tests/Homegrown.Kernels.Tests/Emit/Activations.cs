using Homegrown.Kernels.Quant;
using Homegrown.Kernels.Tests.Ops;

namespace Homegrown.Kernels.Tests.Emit;

/// <summary>What tokens are made of.</summary>
public enum Activations
{
    /// <summary>Outliers in some parts, which get rests.</summary>
    Outliers,

    /// <summary>All parts have the same largest magnitude, 1: none is above the typical one.</summary>
    Even,

    /// <summary>Of both signs.</summary>
    Zeros,

    /// <summary>NaN in the first token, infinity in the last, parts of usual values in both.</summary>
    NotFinite,

    /// <summary>Codes of +-127 and rests of +-127 beside them; parts from near the smallest magnitude that counts to squares near the largest float.</summary>
    Extremes,
}

static class ActivationValues
{
    /// <summary>Of the largest magnitude: code 126 and rest 127.</summary>
    const float MostRest = (126 + (127f / 256)) / 127;

    /// <summary>[tokens, columns], the same each time.</summary>
    internal static float[] Of(this Activations kind, int tokens, int columns)
    {
        var x = Corpus.Values(tokens * columns, columns + tokens, outlier: kind == Activations.Outliers ? 30 : 0);
        for (var i = 0; i < x.Length; i++)
        {
            var part = i / Blocks.PartSize;
            x[i] = kind switch
            {
                Activations.Even when i % Blocks.PartSize == 7 => 1,
                Activations.Zeros => MathF.CopySign(0, x[i]),
                Activations.Extremes => MathF.CopySign((part % 5) switch { 0 => 3e-30f, 1 => 1e-9f, 2 => 1, 3 => 1e12f, _ => 1e18f }, x[i]) * (i % 3 == 0 ? 1 : MostRest),
                _ => x[i],
            };
        }

        if (kind == Activations.NotFinite) (x[5], x[^3]) = (float.NaN, float.NegativeInfinity);
        return x;
    }
}
