using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Normalizers;

/// <summary>NFC, NFD, NFKC, NFKD.</summary>
sealed class UnicodeForm(bool byCompatibility, bool composes) : Normalizer
{
    NormalForm? idle;

    public override void Append(ReadOnlySpan<char> text, TextBuffer to)
    {
        var form = Interlocked.Exchange(ref idle, null) ?? new NormalForm(byCompatibility, composes);
        form.Append(text, to);
        idle = form;
    }
}
