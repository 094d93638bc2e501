using System.Text;
using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Normalizers;

/// <summary>ByteLevel: each byte of the text's UTF-8 as a letter of <see cref="ByteAlphabet"/>.</summary>
sealed class ByteLetters : Normalizer
{
    public override void Append(ReadOnlySpan<char> text, TextBuffer to)
    {
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
            foreach (var value in bytes[..rune.EncodeToUtf8(bytes)]) to.Append(ByteAlphabet.Letter(value));
    }
}
