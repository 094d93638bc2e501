using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Embeddings;

/// <summary>How the states of a text's tokens become one vector; several stand side by side in this order (sentence-transformers').</summary>
[Flags]
enum PoolingModes
{
    None = 0,
    Cls = 1,
    Max = 2,
    Mean = 4,

    /// <summary>The sum over the root of the number of tokens.</summary>
    MeanSqrtLength = 8,

    /// <summary>The mean with weights 1, 2, 3, ... by position (SGPT, arXiv 2202.08904 §3).</summary>
    WeightedMean = 16,
    Last = 32,
}

/// <summary>States of texts' tokens to a vector for each text.</summary>
/// <param name="Modes">At least one.</param>
/// <param name="WithPrompt">Means and maxima take a prompt's tokens too.</param>
sealed record Pooling(PoolingModes Modes, bool WithPrompt = true)
{
    /// <summary>Numbers of a vector over those of a state.</summary>
    public int Count => System.Numerics.BitOperations.PopCount((uint)Modes);

    /// <summary>[rows, width] to [texts, width * modes].</summary>
    /// <param name="rows">Which rows are a text.</param>
    /// <param name="prompt">Tokens at the start of each text that are a prompt's.</param>
    public Tensor Forward(Tensor states, RaggedRows rows, int prompt = 0)
    {
        var y = states.Compute.Rent(rows.Segments.Length, Count * states.Columns);
        var (text, skip) = (0, WithPrompt ? 0 : prompt);
        foreach (var segment in rows.Segments)
        {
            var vector = y.Row(text++);
            foreach (var mode in Enum.GetValues<PoolingModes>())
            {
                if ((Modes & mode) == 0) continue;
                Pool(states, segment, mode, Math.Min(skip, segment.Rows - 1), vector[..states.Columns]);
                vector = vector[states.Columns..];
            }
        }

        return y;
    }

    static void Pool(Tensor states, Segment text, PoolingModes mode, int skip, Span<float> y)
    {
        var (first, end) = (text.FirstRow + skip, text.FirstRow + text.Rows);
        if (mode is PoolingModes.Cls or PoolingModes.Last)
        {
            states.Row(mode is PoolingModes.Cls ? text.FirstRow : end - 1).CopyTo(y);
            return;
        }

        y.Fill(mode is PoolingModes.Max ? float.NegativeInfinity : 0);
        var total = 0.0;
        for (var row = first; row < end; row++)
        {
            var x = states.Row(row);
            var weight = mode is PoolingModes.WeightedMean ? row - text.FirstRow + 1 : 1;
            total += weight;
            for (var i = 0; i < y.Length; i++) y[i] = mode is PoolingModes.Max ? Math.Max(y[i], x[i]) : y[i] + (weight * x[i]);
        }

        if (mode is PoolingModes.Max) return;
        var scale = (float)(1 / (mode is PoolingModes.MeanSqrtLength ? Math.Sqrt(total) : total));
        foreach (ref var value in y) value *= scale;
    }
}
