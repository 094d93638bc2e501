using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// Queries multiplied by 1 + beta * ln(1 + floor(position / period)), so that attention stays sharp over long contexts (Llama 4, Meta 2025;
/// Ministral 3, Mistral 2025; after Nakanishi 2025, arXiv 2501.19399).
/// </summary>
/// <param name="period">Positions of the trained context, where the factor leaves 1.</param>
public sealed class QueryTemperature(double beta, int period)
{
    /// <summary>By attention.temperature_scale and _length; null where a file has none.</summary>
    public static QueryTemperature? Read(ModelConfig c)
        => c.Metadata.Number("attention.temperature_scale") is > 0 and var beta
            ? new(beta, c.Metadata.Optional("attention.temperature_length", () => c.Rope.Scaling.OriginalContext))
            : null;

    /// <summary>q, [tokens, heads * headDim], in place.</summary>
    public void Apply(Tensor q, Batch batch)
    {
        var factors = q.Compute.Rent(q.Rows, 1);
        var positions = batch.Positions;
        for (var row = 0; row < positions.Length; row++) factors.Row(row)[0] = (float)(1 + (beta * Math.Log(1 + (positions[row] / period))));
        Multiply.Forward(q, factors);
    }
}
