namespace Homegrown.Kernels.Ops;

/// <summary>Consecutive rows of a step that belong to one sequence.</summary>
/// <param name="FirstRow">Row of the step's tensors at which the segment starts.</param>
/// <param name="Rows">Tokens of the sequence in this step.</param>
/// <param name="FirstPosition">Position of the first of them in its sequence; the others follow.</param>
/// <param name="FirstPage">Where the sequence's page numbers start in <see cref="RaggedRows.PageTable"/>.</param>
/// <param name="Slot">Where the sequence's recurrent states are; -1 for none.</param>
/// <param name="Generated">
/// The tokens were generated, one a step. Others were read, and take the arithmetic of many rows however few they are, so that an answer
/// does not depend on the steps in which its prompt was read.
/// </param>
public readonly record struct Segment(int FirstRow, int Rows, int FirstPosition, int FirstPage, int Slot = -1, bool Generated = false);

/// <summary>
/// The rows of a step: tokens of several sequences at their positions, and the pages that hold each sequence's keys and values.
/// Filled anew every step; it grows and never shrinks, so a steady state allocates nothing.
/// </summary>
public sealed class RaggedRows
{
    int[] pageTable = new int[64];
    Segment[] segments = new Segment[4];
    int[] positions = new int[16];
    int pages, segmentCount, rows;

    /// <summary>Rows of the step, all segments together.</summary>
    public int Rows => rows;

    public ReadOnlySpan<Segment> Segments => segments.AsSpan(0, segmentCount);

    /// <summary>Page numbers of all sequences: position p of a segment is in page PageTable[FirstPage + p / pageSize].</summary>
    public ReadOnlySpan<int> PageTable => pageTable.AsSpan(0, pages);

    /// <summary>Position of each row in its sequence, [rows].</summary>
    public ReadOnlySpan<int> Positions => positions.AsSpan(0, rows);

    public void Clear() => (pages, segmentCount, rows) = (0, 0, 0);

    /// <summary>Adds <paramref name="count"/> tokens of a sequence that owns <paramref name="sequencePages"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No tokens, or positions that are negative or beyond 31 bits.</exception>
    /// <param name="slot">Where its recurrent states are; -1 for none.</param>
    /// <param name="generated"><see cref="Segment.Generated"/>.</param>
    public void Add(int count, int firstPosition, ReadOnlySpan<int> sequencePages, int slot = -1, bool generated = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(firstPosition, int.MaxValue - count);
        Grow(ref segments, segmentCount + 1);
        Grow(ref positions, rows + count);
        Grow(ref pageTable, pages + sequencePages.Length);
        segments[segmentCount++] = new(rows, count, firstPosition, pages, slot, generated);
        sequencePages.CopyTo(pageTable.AsSpan(pages));
        pages += sequencePages.Length;
        for (var i = 0; i < count; i++) positions[rows++] = firstPosition + i;
    }

    static void Grow<T>(ref T[] array, int length)
    {
        if (array.Length < length) Array.Resize(ref array, Math.Max(length, array.Length * 2));
    }
}
