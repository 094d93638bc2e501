using System.Text;
using Homegrown.Engine.Chat;

namespace Homegrown.Engine.Tokenizers;

/// <summary>What a token is, as a GGUF file's token_type says (values are the file's).</summary>
public enum TokenKind
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

/// <summary>
/// Text to token ids and back. Immutable and safe for many threads. Implementations differ by algorithm (byte-level BPE,
/// SentencePiece, WordPiece), not by model: what a model adds is data.
/// </summary>
public abstract class Tokenizer
{
    /// <summary>Number of tokens; ids are 0 to Count - 1.</summary>
    public abstract int Count { get; }

    /// <summary>Begin-of-sequence token, or null.</summary>
    public int? Bos { get; init; }

    /// <summary>End-of-sequence token, or null.</summary>
    public int? Eos { get; init; }

    /// <summary>Unknown token, or null.</summary>
    public int? Unknown { get; init; }

    /// <summary>Padding token, or null.</summary>
    public int? Padding { get; init; }

    /// <summary>The file asks for <see cref="Bos"/> before a text.</summary>
    public bool AddBos { get; init; }

    /// <summary>The file asks for <see cref="Eos"/> after a text.</summary>
    public bool AddEos { get; init; }

    /// <summary>Tokens that end a generation: eos, eot, eom, and control tokens known to mean it.</summary>
    public IReadOnlySet<int> EndOfGeneration { get; init; } = new HashSet<int>();

    /// <summary>Encoding puts a space before a text, so decoding drops one at the start of a sequence.</summary>
    public virtual bool DropsLeadingSpace => false;

    /// <summary>The token as the vocabulary spells it (with the vocabulary's own marks for spaces and bytes).</summary>
    public abstract string Piece(int id);

    public abstract TokenKind Kind(int id);

    /// <summary>The id of a piece as the vocabulary spells it, or null.</summary>
    public abstract int? Find(string piece);

    /// <summary>
    /// Appends the ids of <paramref name="text"/>, nothing before or after it. Half a surrogate pair counts as U+FFFD.
    /// </summary>
    /// <param name="parseSpecial">
    /// Control tokens spelled out in the text become their ids; otherwise they are encoded as plain text. User-defined tokens are
    /// always recognised.
    /// </param>
    /// <param name="atStart">
    /// The text begins the sequence or follows a control token: a vocabulary that puts a space before a text does it only then.
    /// </param>
    public abstract void Encode(ReadOnlySpan<char> text, List<int> ids, bool parseSpecial, bool atStart = true);

    /// <summary>
    /// Appends the ids of a rendered conversation as one text, so that words run across the borders of spans, but control tokens
    /// are recognised only where the template wrote all of their characters.
    /// </summary>
    /// <param name="parseContent">Recognises them in contents too.</param>
    public virtual void Encode(IReadOnlyList<PromptSpan> prompt, List<int> ids, bool parseContent = false)
    {
        for (var i = 0; i < prompt.Count; i++)
            Encode(prompt[i].Text, ids, parseContent || !prompt[i].FromContent, atStart: i == 0);
    }

    /// <summary>The bytes that a token stands for in text: UTF-8, possibly a part of a character; control tokens as they are spelled.</summary>
    public abstract ReadOnlySpan<byte> Bytes(int id);

    /// <summary>Whole text to ids, with begin and end tokens as the file asks (<paramref name="addSpecial"/>).</summary>
    public virtual List<int> Encode(string text, bool addSpecial = true, bool parseSpecial = true)
    {
        var ids = new List<int>((text.Length / 3) + 2);
        if (addSpecial && AddBos && Bos is { } bos) ids.Add(bos);
        Encode(text, ids, parseSpecial);
        if (addSpecial && AddEos && Eos is { } eos) ids.Add(eos);
        return ids;
    }

    /// <summary>
    /// Two texts to the ids that a model of pairs expects, as a cross-encoder does for a question and a document, with the special tokens
    /// around and between them.
    /// </summary>
    /// <exception cref="NotSupportedException">The tokenizer's file does not say how.</exception>
    public virtual EncodedPair EncodePair(string first, string second, bool parseSpecial = false) =>
        throw new NotSupportedException("This tokenizer's file does not say how two texts go together (post_processor of tokenizer.json).");

    /// <summary>Ids to whole text; bytes that are no character become U+FFFD.</summary>
    /// <param name="showControl">Control tokens appear as they are spelled; otherwise they leave no trace.</param>
    public string Decode(IEnumerable<int> ids, bool showControl = false)
    {
        var text = new StringBuilder();
        if (StartText(showControl, atStart: true, live: false) is { } own)
        {
            foreach (var id in ids) text.Append(own.Append(id));
            return text.Append(own.Finish()).ToString();
        }
        var stream = new TokenStream(this, showControl);
        foreach (var id in ids) text.Append(stream.Append(id));
        return text.Append(stream.Finish()).ToString();
    }

    /// <summary>How a sequence becomes text where that is more than <see cref="Bytes"/>, one token after the other; else null.</summary>
    /// <param name="live">Text is wanted as it comes; else all of it at the end.</param>
    internal virtual TokenText? StartText(bool showControl, bool atStart, bool live) => null;
}

/// <summary>Two texts as one sequence.</summary>
/// <param name="TypeIds">For each id, which text it belongs to as the model counts them (token_type_ids).</param>
public readonly record struct EncodedPair(IReadOnlyList<int> Ids, IReadOnlyList<int> TypeIds);
