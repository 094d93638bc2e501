using System.Globalization;
using System.Text;
using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Normalizers;

/// <summary>
/// Precompiled: sentencepiece's rules as the tokenizers library applies them. A grapheme cluster of fewer than six bytes becomes the text
/// of the shortest rule that begins it, and the rest of the cluster is lost; others go character by character.
/// </summary>
sealed class Precompiled(CharacterMap map) : Normalizer
{
    const int LongCluster = 6;

    public override void Append(ReadOnlySpan<char> text, TextBuffer to)
    {
        Span<byte> bytes = stackalloc byte[3 * LongCluster];
        for (var at = 0; at < text.Length;)
        {
            var cluster = text.Slice(at, StringInfo.GetNextTextElementLength(text[at..]));
            at += cluster.Length;
            if (cluster.Length < LongCluster)
            {
                var count = Encoding.UTF8.GetBytes(cluster, bytes);
                if (count < LongCluster && map.Match(bytes[..count], longest: false, out var place) > 0)
                {
                    map.AppendText(place, to);
                    continue;
                }
            }
            foreach (var rune in cluster.EnumerateRunes())
            {
                var count = rune.EncodeToUtf8(bytes);
                if (map.Match(bytes[..count], longest: false, out var place) > 0) map.AppendText(place, to);
                else to.AppendPoint(rune.Value);
            }
        }
    }
}
