using Homegrown.Engine.Tokenizers.Normalizers;
using Homegrown.Engine.Tokenizers.Regexes;

namespace Homegrown.Engine.Tokenizers.PreTokenizers;

/// <summary>Where a piece gets a mark of a space before it.</summary>
enum SpaceBefore
{
    Never,

    /// <summary>At the beginning of the sequence.</summary>
    First,
    Always,
}

/// <summary>Metaspace: a mark, usually ▁, for each space, and one before a piece that has none.</summary>
sealed class MetaspaceStep(char mark, SpaceBefore before) : PieceStep
{
    public override void Apply(PieceBuffer buffer)
    {
        foreach (var piece in buffer.Pieces)
        {
            var text = buffer.Text[piece.Start..piece.End];
            var start = buffer.Changed.Length;
            var prepends = before == SpaceBefore.Always || (before == SpaceBefore.First && buffer.AtStart && piece.Start == 0);
            if (prepends && text[0] != ' ' && text[0] != mark) buffer.Changed.Append(mark);
            text.Replace(buffer.Changed.Add(text.Length), ' ', mark);
            buffer.Add(start, buffer.Changed.Length);
        }
        buffer.UseChanged();
    }
}

/// <summary>ByteLevel's add_prefix_space: a space before each piece that has none.</summary>
sealed class PrefixSpaceStep : PieceStep
{
    public override void Apply(PieceBuffer buffer)
    {
        foreach (var piece in buffer.Pieces)
        {
            var text = buffer.Text[piece.Start..piece.End];
            var start = buffer.Changed.Length;
            if (text[0] != ' ') buffer.Changed.Append(' ');
            buffer.Changed.Append(text);
            buffer.Add(start, buffer.Changed.Length);
        }
        buffer.UseChanged();
    }
}

/// <summary>Changes each piece as a normalizer does.</summary>
sealed class RewriteStep(Normalizer normalizer) : PieceStep
{
    public Normalizer Normalizer => normalizer;

    public override void Apply(PieceBuffer buffer)
    {
        foreach (var piece in buffer.Pieces)
        {
            var start = buffer.Changed.Length;
            normalizer.Append(buffer.Text[piece.Start..piece.End], buffer.Changed);
            buffer.Add(start, buffer.Changed.Length);
        }
        buffer.UseChanged();
    }
}

/// <summary>
/// Cuts where a run of ▁ begins. It changes no ids where no token goes on after a word: no merge crosses such a border then, and words can
/// be looked up in a cache.
/// </summary>
sealed class WordStartFinder : PatternFinder
{
    public override void Find(ReadOnlySpan<char> text, List<Match> matches)
    {
        for (var start = 0; start < text.Length; start = matches[^1].End)
        {
            var word = text[start..].IndexOfAnyExcept('▁');
            var next = word < 0 ? -1 : text[(start + word)..].IndexOf('▁');
            matches.Add(new(start, next < 0 ? text.Length : start + word + next));
        }
    }
}
