using Homegrown.Engine.Tokenizers.Regexes;

namespace Homegrown.Engine.Tokenizers.PreTokenizers;

/// <summary>What becomes of the matches at which a piece is cut: "behavior" of tokenizer.json.</summary>
enum CutBehavior
{
    /// <summary>They are left out.</summary>
    Removed,

    /// <summary>They are pieces of their own.</summary>
    Isolated,

    /// <summary>They go to the piece before.</summary>
    MergedWithPrevious,

    /// <summary>They go to the piece after.</summary>
    MergedWithNext,

    /// <summary>Neighbours are one piece.</summary>
    Contiguous,
}

/// <summary>Cuts pieces at matches.</summary>
/// <param name="inverted">What lies between the matches counts as the matches.</param>
sealed class CutStep(PatternFinder finder, CutBehavior behavior, bool inverted = false) : PieceStep
{
    public override void Apply(PieceBuffer buffer)
    {
        foreach (var piece in buffer.Pieces)
        {
            buffer.Matches.Clear();
            finder.Find(buffer.Text[piece.Start..piece.End], buffer.Matches);
            Cut(buffer, piece);
        }
        buffer.Use();
    }

    void Cut(PieceBuffer buffer, Match piece)
    {
        // The part that may still grow, and whether the part before was a match.
        var (start, end, wasMatch, at) = (piece.Start, piece.Start, false, piece.Start);
        foreach (var match in buffer.Matches)
        {
            if (piece.Start + match.Start > at) Part(at, piece.Start + match.Start, inverted);
            Part(piece.Start + match.Start, at = piece.Start + match.End, !inverted);
        }
        if (at < piece.End) Part(at, piece.End, inverted);
        buffer.Add(start, end);

        void Part(int from, int to, bool isMatch)
        {
            var joins = behavior switch
            {
                CutBehavior.MergedWithPrevious => isMatch && !wasMatch,
                CutBehavior.MergedWithNext => wasMatch && !isMatch,
                CutBehavior.Contiguous => isMatch == wasMatch,
                _ => false,
            };
            wasMatch = isMatch;
            if (!joins)
            {
                buffer.Add(start, end);
                start = from;
            }
            end = to;
            if (behavior == CutBehavior.Removed && isMatch) start = to;
        }
    }
}
