using Homegrown.Engine.Tokenizers.Decoders;
using Homegrown.Engine.Tokenizers.Models;
using Homegrown.Engine.Tokenizers.Normalizers;
using Homegrown.Engine.Tokenizers.PreTokenizers;

namespace Homegrown.Engine.Tokenizers.Folders;

/// <summary>What a tokenizer of a folder is made of.</summary>
sealed record Pipeline
{
    public required TokenTable Tokens { get; init; }

    public IReadOnlyList<AddedToken> Added { get; init; } = [];

    public Normalizer? Normalizer { get; init; }

    public IReadOnlyList<PieceStep> PreTokenizer { get; init; } = [];

    public required PieceModel Model { get; init; }

    public SequenceTemplate Template { get; init; } = SequenceTemplate.Bare;

    public required TextDecoder Decoder { get; init; }

    /// <summary>Encoding puts a space before a text, and decoding takes it off.</summary>
    public bool PrefixesSpace { get; init; }
}
