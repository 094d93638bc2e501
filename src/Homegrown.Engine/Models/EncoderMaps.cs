using Homegrown.Engine.Folders;

namespace Homegrown.Engine.Models;

/// <summary>What folders of BERT and its successors have in common.</summary>
static class EncoderMaps
{
    /// <summary>Keys that hold for all of them, whether their files say so or not.</summary>
    public static Dictionary<string, object> Defaults { get; } = new() { ["attention.causal"] = false, ["activation"] = "gelu" };

    public static KeyMap Keys { get; } = KeyMap.Decoder.With(
        ("position_embedding_type", "position_embedding_type"));

    /// <summary>Settings of training and of heads that other tasks have.</summary>
    public static string[] Idle { get; } =
    [
        "add_cross_attention", "attention_probs_dropout_prob", "classifier_dropout", "gradient_checkpointing", "hidden_dropout_prob", "id2label", "is_decoder", "label2id", "output_past",
        "problem_type", "sentence_transformers", "type_vocab_size",
    ];

    /// <summary>Positions that are counted from the padding token's id + 1: so many fewer, and where the table begins.</summary>
    public static (string, Func<FolderConfig, object?>)[] PaddedPositions { get; } =
    [
        ("context_length", c => c.Integer("max_position_embeddings") - Skipped(c)),
        ("position_offset", c => Skipped(c)),
    ];

    /// <summary>A table of positions without the rows that <see cref="PaddedPositions"/> leave out.</summary>
    public static TensorRule AfterPadding(string module) => new(module, (tensor, keys) =>
    {
        var skipped = keys.Count("position_offset");
        return tensor.Part(skipped, tensor.Shape[0] - skipped);
    });

    /// <summary>Settings that this build does not compute with, where a file sets them.</summary>
    public static void Refuse(ModelConfig c, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
            if (c.Metadata.Has(key) && (key.EndsWith("count", StringComparison.Ordinal) ? c.Metadata.Count(key) > 0 : c.Metadata.Flag(key, false)))
                throw c.Metadata.Error(key, "is set, which is not supported with this family");
    }

    static long Skipped(FolderConfig c) => (c.Integer("pad_token_id") ?? 1) + 1;
}
