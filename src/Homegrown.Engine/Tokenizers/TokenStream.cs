using System.Text;

namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// Ids to text as they come. What is handed out is always whole characters: the bytes of an unfinished one wait for the next
/// token. One sequence, one thread; nothing is allocated but the text.
/// </summary>
/// <param name="showControl">Control and unknown tokens appear as they are spelled; otherwise they leave no trace.</param>
/// <param name="atStart">
/// The tokens begin a sequence: where <see cref="Tokenizer.DropsLeadingSpace"/>, its first space is dropped. A continuation of a
/// prompt keeps it.
/// </param>
public sealed class TokenStream(Tokenizer tokenizer, bool showControl = false, bool atStart = true)
{
    /// <summary>UTF-16 units at which a token's text needs more than the stack.</summary>
    const int StackLength = 256;

    // Keeps the bytes of an unfinished character; replaces a broken one by U+FFFD for each of its maximal subparts (Unicode 16, 3.9).
    readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    readonly TokenText? own = tokenizer.StartText(showControl, atStart, live: true);
    bool dropSpace = atStart && tokenizer.DropsLeadingSpace;

    /// <summary>The text that <paramref name="id"/> makes certain; empty where a character is still unfinished.</summary>
    public string Append(int id)
    {
        if (own is not null) return own.Append(id);
        if (!showControl && tokenizer.Kind(id) is TokenKind.Control or TokenKind.Unknown) return "";
        var bytes = tokenizer.Bytes(id);
        if (dropSpace && !bytes.IsEmpty)
        {
            dropSpace = false;
            if (bytes[0] == ' ') bytes = bytes[1..];
        }
        return Text(bytes, flush: false);
    }

    /// <summary>Ends the sequence: U+FFFD where a character stayed unfinished, else nothing.</summary>
    public string Finish() => own?.Finish() ?? Text([], flush: true);

    string Text(ReadOnlySpan<byte> bytes, bool flush)
    {
        // A byte is at most one unit; a character that began earlier, or its replacement, adds two at most.
        var most = bytes.Length + 2;
        var chars = most <= StackLength ? stackalloc char[StackLength] : new char[most];
        var count = decoder.GetChars(bytes, chars, flush);
        return count == 0 ? "" : new string(chars[..count]);
    }
}
