using System.Buffers;
using Homegrown.Engine.Chat;

namespace Homegrown.Engine.Tokenizers;

/// <summary>What the algorithms share: a checked vocabulary, and cutting a text at the tokens that stand in it whole.</summary>
abstract class VocabularyTokenizer : Tokenizer
{
    /// <summary>Buffers that a text has blown up beyond this are not worth their memory (some 10 bytes a character) for the next.</summary>
    protected const int KeptCapacity = 1 << 20;

    readonly SpecialTokens special;
    readonly bool controlTakesSpace;

    /// <param name="addBos">Whether texts begin with the begin token where the file does not say.</param>
    /// <param name="bos">Begin token where the file names none.</param>
    /// <param name="eos">End token where the file names none.</param>
    /// <param name="unknown">Unknown token where the file names none.</param>
    /// <param name="spell">The bytes of a normal piece.</param>
    protected VocabularyTokenizer(VocabularyData data, int? bos, int? eos, int? unknown, bool addBos, Action<string, IBufferWriter<byte>> spell)
    {
        Vocabulary = new Vocabulary(data, spell);
        special = new SpecialTokens(Vocabulary);
        controlTakesSpace = data.ControlTakesSpace;
        Bos = Id(data, "bos_token_id", data.Bos, bos);
        Eos = Id(data, "eos_token_id", data.Eos, eos);
        Unknown = Id(data, "unknown_token_id", data.Unknown, unknown);
        Padding = Id(data, "padding_token_id", data.Padding);
        AddBos = data.AddBos ?? (addBos && Bos is not null);
        AddEos = data.AddEos ?? false;
        if (AddBos && Bos is null) throw data.Error("bos_token_id", "absent, but texts are to begin with it (tokenizer.ggml.add_bos_token)");
        if (AddEos && Eos is null) throw data.Error("eos_token_id", "absent, but texts are to end with it (tokenizer.ggml.add_eos_token)");
        EndOfGeneration = ControlSpellings.EndOfGeneration(
            Vocabulary.Find, id => Vocabulary.Kind(id) == TokenKind.Control, Eos, Id(data, "eot_token_id", data.EndOfTurn), Id(data, "eom_token_id", data.EndOfMessage));
    }

    protected Vocabulary Vocabulary { get; }

    public override int Count => Vocabulary.Count;

    public override string Piece(int id) => Vocabulary.Piece(id);

    public override TokenKind Kind(int id) => Vocabulary.Kind(id);

    public override int? Find(string piece) => Vocabulary.Find(piece);

    public override ReadOnlySpan<byte> Bytes(int id) => Vocabulary.Bytes(id);

    public override void Encode(ReadOnlySpan<char> text, List<int> ids, bool parseSpecial, bool atStart = true) =>
        Encode(text, parseSpecial ? [new Stretch(0, text.Length)] : [], ids, atStart);

    public override void Encode(IReadOnlyList<PromptSpan> prompt, List<int> ids, bool parseContent = false)
    {
        var text = Stretch.Join(prompt, parseContent, out var trusted);
        Encode(text, trusted, ids, atStart: true);
    }

    /// <summary>Appends the ids of text that holds no special tokens and is not empty.</summary>
    /// <param name="atStart">It begins the sequence or follows a special token.</param>
    protected abstract void EncodeText(ReadOnlySpan<char> text, List<int> ids, bool atStart);

    /// <summary>An id from the file, or the default where that is in range.</summary>
    protected int? Id(VocabularyData data, string field, long? given, int? otherwise = null)
    {
        if (given is null) return otherwise < Vocabulary.Count ? otherwise : null;
        // Converters write -1 (or its unsigned twin) for none.
        if (given is -1 or uint.MaxValue) return null;
        if (given < 0 || given >= Vocabulary.Count) throw data.Error(field, $"{given} is no token; the vocabulary has {Vocabulary.Count}");
        return (int)given;
    }

    void Encode(ReadOnlySpan<char> text, ReadOnlySpan<Stretch> trusted, List<int> ids, bool atStart)
    {
        for (var from = 0; from < text.Length;)
        {
            var found = special.TryFind(text, from, ref trusted, out var at, out var id);
            if (at > from) EncodeText(text[from..at], ids, atStart);
            if (!found) return;
            ids.Add(id);
            from = at + Vocabulary.Piece(id).Length;
            if (controlTakesSpace && TakesSpace(id))
                while (from < text.Length && text[from] is ' ' or (>= '\t' and <= '\r')) from++;
            atStart = true;
        }
    }

    // Phi-3's tokenizer.json: all added tokens but these three have "rstrip".
    bool TakesSpace(int id) => Vocabulary.Piece(id) is not ("<unk>" or "<s>" or "<|endoftext|>");
}
