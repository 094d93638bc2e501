using System.Text;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>Puts a <see cref="Text"/> together from pieces and keeps their origins.</summary>
sealed class TextBuilder
{
    readonly StringBuilder text = new();
    readonly List<int> flips = [];
    bool startsFromCaller;
    bool endsFromCaller;

    public int Length => text.Length;

    public TextBuilder Append(ReadOnlySpan<char> piece, bool fromCaller)
    {
        if (piece.Length == 0) return this;
        Check(piece.Length);
        if (text.Length == 0) startsFromCaller = fromCaller;
        else if (fromCaller != endsFromCaller) flips.Add(text.Length);
        endsFromCaller = fromCaller;
        text.Append(piece);
        return this;
    }

    /// <summary>Characters of the template itself.</summary>
    public TextBuilder Append(ReadOnlySpan<char> literal) => Append(literal, fromCaller: false);

    public TextBuilder Append(Text piece) => Append(piece, 0, piece.Value.Length);

    /// <summary>A part of a text, positions in UTF-16 units.</summary>
    public TextBuilder Append(Text source, int start, int count)
    {
        if (source.IsUniform) return Append(source.Value.AsSpan(start, count), source.StartsFromCaller);
        var part = source.Part(start, count);
        foreach (var (from, to, fromCaller) in part.Runs()) Append(part.Value.AsSpan(from, to - from), fromCaller);
        return this;
    }

    /// <summary>A text so many times; none for a negative number.</summary>
    public TextBuilder Append(Text piece, long times)
    {
        if (piece.IsEmpty || times <= 0) return this;
        Check(Math.Min(times, Text.MaxLength + 1L) * piece.Value.Length);
        for (; times > 0; times--) Append(piece);
        return this;
    }

    public Text ToText() => text.Length == 0 ? Text.Empty : new(text.ToString(), startsFromCaller, [.. flips]);

    /// <summary>The stretches of one origin: what the tokenizer needs.</summary>
    public IReadOnlyList<PromptSpan> ToSpans()
    {
        var whole = ToText();
        return [.. whole.Runs().Select(run => new PromptSpan(whole.Value[run.Start..run.End], run.FromCaller))];
    }

    void Check(long more)
    {
        if (text.Length + more > Text.MaxLength) throw new TemplateException($"a string grows beyond {Text.MaxLength} characters");
    }
}
