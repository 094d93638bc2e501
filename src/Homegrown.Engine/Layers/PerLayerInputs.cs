using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// A second, narrow embedding of each token for each layer (Gemma 3n and 4, Google 2025 and 2026): a table's row and a projection of the
/// token's first vector, mixed. Made once a step, as [tokens, layers * width].
/// </summary>
public sealed class PerLayerInputs
{
    readonly EmbeddingLayer table;
    readonly Linear projection;
    readonly RmsNormLayer norm;
    readonly int hidden, width;
    Tensor inputs;

    /// <summary>Takes per_layer_token_embd, per_layer_model_proj and per_layer_proj_norm.</summary>
    /// <param name="width">Of one layer's part.</param>
    public PerLayerInputs(ModelConfig c, Weights w, int width)
    {
        (hidden, this.width) = (c.Hidden, width);
        table = w.Embedding("per_layer_token_embd", w.Rows("per_layer_token_embd"), c.Layers * width);
        projection = w.Linear("per_layer_model_proj", c.Hidden, c.Layers * width);
        norm = w.RmsNorm("per_layer_proj_norm", width, c.NormEpsilon);
    }

    /// <param name="x">What enters the first layer, [tokens, hidden].</param>
    public void Prepare(Tensor x, Batch batch)
    {
        var half = MathF.Sqrt(0.5f);
        inputs = norm.Forward(Scale.Forward(projection.Forward(x), 1 / MathF.Sqrt(hidden)));
        Scale.Add(inputs, table.Rows(batch), MathF.Sqrt(width) * half, kept: half);
    }

    /// <summary>A layer's part, [tokens, width].</summary>
    public Tensor Of(int layer) => inputs.Slice(layer * width, width);
}
