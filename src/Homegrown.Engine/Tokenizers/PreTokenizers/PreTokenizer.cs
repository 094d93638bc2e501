using System.Runtime.InteropServices;

namespace Homegrown.Engine.Tokenizers.PreTokenizers;

/// <summary>How a family of models cuts text into words before byte-level BPE.</summary>
/// <param name="Splitters">Each cuts the pieces of the one before.</param>
/// <param name="IgnoreMerges">A word that is a token as a whole is that token, whatever the merges would make of it.</param>
/// <param name="AddBos">A text begins with the begin token unless the file says otherwise.</param>
sealed record PreTokenizer(Splitter[] Splitters, bool IgnoreMerges = false, bool AddBos = false);

/// <summary>The words of one text at a time; reused, so that a text costs no allocation.</summary>
sealed class WordBuffer
{
    List<int> ends = [], pieces = [];

    /// <summary>Where each word ends, ascending, the last at the end of the text; until the next call.</summary>
    public ReadOnlySpan<int> Split(ReadOnlySpan<char> text, PreTokenizer preTokenizer)
    {
        ends.Clear();
        ends.Add(text.Length);
        foreach (var splitter in preTokenizer.Splitters)
        {
            pieces.Clear();
            var start = 0;
            foreach (var end in ends)
            {
                var piece = text[start..end];
                for (var at = 0; at < piece.Length; pieces.Add(start + at)) at = splitter.Next(piece, at);
                start = end;
            }
            (ends, pieces) = (pieces, ends);
        }
        return CollectionsMarshal.AsSpan(ends);
    }
}
