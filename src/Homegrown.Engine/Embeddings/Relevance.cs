using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Engine.Tokenizers;
using Homegrown.Kernels;

namespace Homegrown.Engine.Embeddings;

/// <summary>How a model judges whether a document answers a query: its ids of both, and a score from 0 to 1 of what it computes.</summary>
abstract class Relevance
{
    /// <summary>The states that the head needs.</summary>
    public abstract LogitsOf Wanted { get; }

    public abstract EncodedPair Encode(string query, string document, string? instruction);

    /// <summary>A batch to a row for each of its pairs.</summary>
    public abstract Tensor Forward(Batch batch);

    /// <summary>A pair's row to its score.</summary>
    public abstract float Score(ReadOnlySpan<float> row);

    /// <summary>By the model's head: a classifier's, or the words yes and no.</summary>
    /// <exception cref="Formats.ModelFileException">It has neither.</exception>
    public static Relevance Of(TextEncoder model)
        => model.Source.Architecture == "qwen3" ? new YesOrNo(model)
            : model.Weights.Has("cls.output") ? new CrossEncoder(model)
            : throw model.Source.Keys.Error("general.architecture", $"this {model.Source.Architecture} has no head that scores pairs; 'embed' makes vectors with it");
}

/// <summary>Both texts as one sequence, and a classifier on its first state or the mean of all (Nogueira and Cho 2019, arXiv 1901.04085 §2.2).</summary>
sealed class CrossEncoder(TextEncoder model) : Relevance
{
    readonly Classifier head = new(model.Config, model.Weights);

    // GGUF does not say it: there only ModernBERT's heads take the mean.
    readonly Pooling pooling = (model.Metadata.Text("classifier.pooling") ?? (model.Source.Architecture == "modern-bert" ? "mean" : "cls")) switch
    {
        "cls" => new(PoolingModes.Cls),
        "mean" => new(PoolingModes.Mean),
        var name => throw model.Metadata.Error("classifier.pooling", $"'{name}' is not supported (cls, mean are)"),
    };

    public override LogitsOf Wanted => LogitsOf.All;

    public override EncodedPair Encode(string query, string document, string? instruction)
        => instruction is null ? model.Tokenizer.EncodePair(query, document) : throw new ArgumentException("This model takes no instruction: it scores a query and a document as they are.");

    public override Tensor Forward(Batch batch) => head.Forward(pooling.Forward(model.Encoder.Encode(batch), batch.Rows));

    /// <summary>Sigmoid of one logit; of several the last one's share of the softmax.</summary>
    public override float Score(ReadOnlySpan<float> row)
    {
        if (row.Length == 1) return (float)(1 / (1 + Math.Exp(-row[0])));
        var sum = 0.0;
        foreach (var logit in row) sum += Math.Exp(logit - row[^1]);
        return (float)(1 / sum);
    }
}
