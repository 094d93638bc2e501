using Homegrown.Kernels;

namespace Homegrown.Engine.Layers;

/// <summary>
/// Rows of one long table for the last few tokens, by hashes (Qwen4-Exp; after Engram, Cheng et al. 2026, arXiv 2601.07372 §2.2): for two
/// tokens, for three and so on, several heads each take ids times multipliers, combined by exclusive or, modulo a prime of the head's own.
/// An end of text hides what was before it.
/// </summary>
/// <param name="parts">The table's rows, one part after the other, [rows, width] each.</param>
/// <param name="multipliers">Of a token's id by how far back it is, [n].</param>
/// <param name="sizes">Rows of each head, by length of tokens.</param>
/// <param name="offsets">Where they begin.</param>
/// <param name="end">The id of the end of text, which also stands for what is hidden.</param>
public sealed class NGramHash(IReadOnlyList<Weight> parts, long[] multipliers, long[] sizes, long[] offsets, int end)
{
    readonly int headsEach = sizes.Length / (multipliers.Length - 1);

    /// <summary>Numbers that a token gets.</summary>
    public int Width => sizes.Length * parts[0].Columns;

    /// <param name="history">Ids, the row's own first, then those before it, [n]; -1 where there is none.</param>
    /// <param name="to">[Width].</param>
    public void Look(Span<int> history, Span<float> to)
    {
        for (var back = 1; back < history.Length; back++)
            if (history[back] < 0 || (back > 1 && history[back - 1] == end)) history[back..].Fill(end);
        var (mixed, width) = (history[0] * multipliers[0], parts[0].Columns);
        for (var head = 0; head < sizes.Length; head++)
        {
            if (head % headsEach == 0) mixed ^= history[(head / headsEach) + 1] * multipliers[(head / headsEach) + 1];
            Row((mixed % sizes[head]) + offsets[head], to.Slice(head * width, width));
        }
    }

    void Row(long row, Span<float> to)
    {
        var part = 0;
        while (row >= parts[part].Rows) row -= parts[part++].Rows;
        parts[part].Dequantize((int)row, to);
    }
}
