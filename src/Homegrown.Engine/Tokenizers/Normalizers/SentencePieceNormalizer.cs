using System.Text;
using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Normalizers;

/// <summary>What differs between the normalizers of sentencepiece models.</summary>
/// <param name="Map">Its rules; null for none.</param>
/// <param name="UserDefined">Pieces that stay as they are.</param>
/// <param name="AddsSpace">A space before the text, or after it where spaces are suffixes.</param>
/// <param name="RemovesExtraSpaces">Runs of spaces become one, none at the ends.</param>
sealed record SentencePieceRules(CharacterMap? Map, PieceTrie UserDefined, bool AddsSpace, bool SpaceAsSuffix, bool RemovesExtraSpaces, bool EscapesSpaces);

/// <summary>The normalizer of sentencepiece itself (normalizer.cc): at each place the longest rule, spaces written ▁.</summary>
sealed class SentencePieceNormalizer(SentencePieceRules rules) : Normalizer
{
    /// <summary>Bytes of UTF-8 that a rule's left side may have; longer ones would make long texts slow.</summary>
    const int LongestRule = 96;

    readonly char space = rules.EscapesSpaces ? '▁' : ' ';

    public override void Append(ReadOnlySpan<char> text, TextBuffer to)
    {
        var before = to.Length;
        var part = new TextBuffer();
        var (afterSpace, isBlank) = (rules.RemovesExtraSpaces, true);
        Span<byte> bytes = stackalloc byte[LongestRule + 4];
        for (var at = 0; at < text.Length;)
        {
            part.Clear();
            at += Prefix(text[at..], bytes, part);
            foreach (var unit in part.Text)
            {
                if (unit == ' ' && afterSpace) continue;
                if (to.Length == before && rules is { AddsSpace: true, SpaceAsSuffix: false }) to.Append(space);
                to.Append(unit == ' ' ? space : unit);
                (afterSpace, isBlank) = (false, false);
            }
            if (part.Length > 0) afterSpace = rules.RemovesExtraSpaces && part.Text[^1] == ' ';
        }
        if (rules.RemovesExtraSpaces)
            while (to.Length > before && to.Text[^1] == space) to.Truncate(to.Length - 1);
        if (!isBlank && rules is { AddsSpace: true, SpaceAsSuffix: true }) to.Append(space);
    }

    /// <summary>What the beginning of a text becomes, and its length.</summary>
    int Prefix(ReadOnlySpan<char> text, Span<byte> bytes, TextBuffer to)
    {
        if (rules.UserDefined.Longest(text, out _) is > 0 and var defined)
        {
            to.Append(text[..defined]);
            return defined;
        }
        if (rules.Map is { } map)
        {
            Encoding.UTF8.TryGetBytes(text[..Math.Min(text.Length, LongestRule / 3)], bytes, out var count);
            if (map.Match(bytes[..count], longest: true, out var place) is > 0 and var matched)
            {
                map.AppendText(place, to);
                return Encoding.UTF8.GetCharCount(bytes[..matched]);
            }
        }
        var point = TextBuffer.PointAt(text, 0, out var length);
        to.AppendPoint(point);
        return length;
    }
}
