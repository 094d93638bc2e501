using Homegrown.Engine.Layers;
using Homegrown.Engine.Models;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Embeddings;

/// <summary>
/// A cross-encoder's head on a pooled state: <c>cls</c> (dense, with tanh as BERT has it), <c>cls.norm</c> (ModernBERT, after a GELU),
/// <c>cls.output</c>, a logit for each label.
/// </summary>
sealed class Classifier
{
    readonly Linear? dense;
    readonly LayerNormLayer? norm;
    readonly Linear output;
    readonly Activation activation;

    public Classifier(ModelConfig c, Weights w)
    {
        Labels = w.Rows("cls.output");
        dense = w.Has("cls") ? w.Linear("cls", c.Hidden, c.Hidden) : null;
        norm = w.Has("cls.norm") ? w.LayerNorm("cls.norm", c) : null;
        activation = c.Metadata.Has("classifier.activation") ? ModelConfig.ReadActivation(c.Metadata, "classifier.activation") : norm is null ? Activation.Tanh : Activation.Gelu;
        output = w.Linear("cls.output", c.Hidden, Labels);
    }

    public int Labels { get; }

    /// <summary>[texts, hidden] to [texts, labels].</summary>
    public Tensor Forward(Tensor x)
    {
        if (dense is not null) x = Activate.Forward(dense.Forward(x), activation);
        return output.Forward(norm is null ? x : norm.Forward(x));
    }
}
