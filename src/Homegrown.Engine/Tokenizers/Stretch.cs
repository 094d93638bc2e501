using System.Text;
using Homegrown.Engine.Chat;

namespace Homegrown.Engine.Tokenizers;

/// <summary>A part of a text, in UTF-16 units.</summary>
readonly record struct Stretch(int Start, int End)
{
    public bool Holds(int at, int length) => Start <= at && at + length <= End;

    /// <summary>A rendered conversation as one text, and the parts of it in which control tokens are recognised.</summary>
    public static string Join(IReadOnlyList<PromptSpan> prompt, bool parseContent, out Stretch[] trusted)
    {
        var text = new StringBuilder();
        var stretches = new List<Stretch>();
        foreach (var span in prompt)
        {
            var start = text.Length;
            text.Append(span.Text);
            if (span.FromContent && !parseContent) continue;
            // Neighbours are one stretch: a template may write a token in pieces.
            if (stretches is [.., var last] && last.End == start) stretches[^1] = last with { End = text.Length };
            else stretches.Add(new Stretch(start, text.Length));
        }
        trusted = [.. stretches];
        return text.ToString();
    }

    /// <summary>
    /// The stretches as they are in a part of the text, counted from its start. Where that part was changed since, no one knows
    /// any more what stands where: then all of it is one stretch, if all of it was, or none.
    /// </summary>
    /// <param name="newLength">Of the part as it is now.</param>
    public static Stretch[] Within(ReadOnlySpan<Stretch> stretches, int start, int length, bool isSame, int newLength)
    {
        var within = new List<Stretch>();
        foreach (var stretch in stretches)
        {
            if (stretch.End <= start || stretch.Start >= start + length) continue;
            if (!isSame && stretch.Holds(start, length)) within.Add(new(0, newLength));
            if (isSame) within.Add(new(Math.Max(stretch.Start - start, 0), Math.Min(stretch.End - start, length)));
        }
        return [.. within];
    }
}
