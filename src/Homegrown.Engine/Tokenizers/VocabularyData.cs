using Homegrown.Engine.Formats;

namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// A tokenizer's data as a GGUF file has it under tokenizer.ggml.*, unchecked: <see cref="TokenizerFactory"/> checks. A null means
/// that the file does not say.
/// </summary>
public sealed record VocabularyData
{
    /// <summary>The file, for messages.</summary>
    public string File { get; init; } = "vocabulary";

    /// <summary>Offset of a field in the file, for messages.</summary>
    public Func<string, long> OffsetOf { get; init; } = static _ => 0;

    /// <summary>The algorithm: "llama" (SentencePiece), "gpt2" (byte-level BPE), "bert" (WordPiece), "none".</summary>
    public string? Model { get; init; }

    /// <summary>How text is cut before byte-level BPE: see <see cref="PreTokenizers.PreTokenizerCatalog"/>.</summary>
    public string? Pre { get; init; }

    /// <summary>Pieces by id.</summary>
    public IReadOnlyList<string> Tokens { get; init; } = [];

    /// <summary>Log probabilities by id (SentencePiece).</summary>
    public IReadOnlyList<float>? Scores { get; init; }

    /// <summary>token_type by id: a <see cref="TokenKind"/>.</summary>
    public IReadOnlyList<int>? Kinds { get; init; }

    /// <summary>"left right", best first (byte-level BPE).</summary>
    public IReadOnlyList<string> Merges { get; init; } = [];

    public long? Bos { get; init; }
    public long? Eos { get; init; }
    public long? EndOfTurn { get; init; }
    public long? EndOfMessage { get; init; }
    public long? Unknown { get; init; }
    public long? Separator { get; init; }
    public long? Padding { get; init; }
    public long? Classify { get; init; }

    public bool? AddBos { get; init; }
    public bool? AddEos { get; init; }

    /// <summary>A text begins with a space that the vocabulary expects (SentencePiece); true where the file does not say.</summary>
    public bool? AddSpacePrefix { get; init; }

    /// <summary>WordPiece lower-cases; true where the file does not say.</summary>
    public bool? Lowercase { get; init; }

    /// <summary>WordPiece strips accents; as <see cref="Lowercase"/> where the file does not say.</summary>
    public bool? StripAccents { get; init; }

    /// <summary>
    /// White space right after a control token is part of it, as Phi-3's tokenizer has it; GGUF has no field for that, so it goes by
    /// architecture and algorithm.
    /// </summary>
    public bool ControlTakesSpace { get; init; }

    /// <summary>The fields tokenizer.ggml.* of a file, which must stay open until the tokenizer is made.</summary>
    /// <exception cref="ModelFileException">A field has another type than the format says.</exception>
    public static VocabularyData FromGguf(GgufFile file)
    {
        var keys = file.Metadata;
        return new()
        {
            File = file.Paths[0],
            OffsetOf = key => keys[key]?.Offset ?? 0,
            Model = keys.GetString("tokenizer.ggml.model"),
            Pre = keys.GetString("tokenizer.ggml.pre"),
            Tokens = keys.GetStrings("tokenizer.ggml.tokens") ?? [],
            Scores = keys.GetFloats("tokenizer.ggml.scores"),
            Kinds = keys.GetInts("tokenizer.ggml.token_type"),
            Merges = keys.GetStrings("tokenizer.ggml.merges") ?? [],
            Bos = Id("bos"),
            Eos = Id("eos"),
            EndOfTurn = Id("eot"),
            EndOfMessage = Id("eom"),
            Unknown = Id("unknown"),
            Separator = Id("seperator") ?? Id("separator"),   // the format's own spelling, and the right one
            Padding = Id("padding"),
            Classify = Id("cls"),
            AddBos = keys.GetBoolean("tokenizer.ggml.add_bos_token"),
            AddEos = keys.GetBoolean("tokenizer.ggml.add_eos_token"),
            AddSpacePrefix = keys.GetBoolean("tokenizer.ggml.add_space_prefix"),
            Lowercase = keys.GetBoolean("tokenizer.ggml.normalizer.lowercase"),
            StripAccents = keys.GetBoolean("tokenizer.ggml.normalizer.strip_accents"),
            // Phi-4-mini has the architecture too, but a vocabulary of its own.
            ControlTakesSpace = keys.GetString("general.architecture") == "phi3" && keys.GetString("tokenizer.ggml.model") == "llama",
        };

        long? Id(string name) => keys[$"tokenizer.ggml.{name}_token_id"]?.AsInt64();
    }

    /// <summary>An error in the field tokenizer.ggml.<paramref name="field"/>.</summary>
    internal ModelFileException Error(string field, string problem) =>
        new(File, $"tokenizer.ggml.{field}", OffsetOf($"tokenizer.ggml.{field}"), problem);
}
