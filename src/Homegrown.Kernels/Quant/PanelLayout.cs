namespace Homegrown.Kernels.Quant;

/// <summary>How the scales of a panel are stored.</summary>
public enum PanelScales
{
    /// <summary>Float32: per part [halves, 16], then the minima, [16]. Only unpacked panels have it.</summary>
    Floats,

    /// <summary>Per part a half for each row, [16], and another for its minimum.</summary>
    Halves,

    /// <summary>Per super-block of 8 parts a half for each row, and another for the minima; then per part 8 bits for each row, half and minimum.</summary>
    SuperBlocks,
}

/// <summary>
/// How weights lie in memory for products: in panels of 16 rows, a row to a lane, so that no sum crosses lanes and a matrix is read
/// from its first byte to its last, which is what processors fetch ahead. A panel is a row of groups of parts of 32 columns: the
/// group's scales, then its codes, per part some vectors of 64 bytes for each of the planes of <see cref="Planes"/>.
/// </summary>
/// <remarks>
/// Columns 4g to 4g + 3 of a part are group g, 0 to 7, an element of four bytes in each lane. A plane of b bits keeps group g in
/// its vector g * b / 8, shifted left by b * (g mod (8 / b)) bits: shift and mask give the bits of four columns in place.
/// </remarks>
/// <param name="Bits">Of a code.</param>
/// <param name="HasMin">Parts have minima.</param>
/// <param name="SplitScales">The halves of a part have scales of their own.</param>
/// <param name="Bias">What is taken off a code, a power of two, or 0. Signed bytes are kept as code + 128.</param>
sealed record PanelLayout(int Bits, PanelScales Scales, bool HasMin, bool SplitScales, int Bias)
{
    internal const int Rows = 16, Groups = 8, VectorBytes = 64, SuperParts = 8;
    internal const int HalvesBytes = Rows * sizeof(ushort);

    /// <summary>Bits of the planes, which lie one after the other in each part; the first holds the lowest bits of a code.</summary>
    internal ReadOnlySpan<int> Planes => Bits switch
    {
        1 => [1],
        2 => [2],
        3 => [2, 1],
        4 => [4],
        5 => [4, 1],
        6 => [4, 2],
        8 => [8],
        _ => throw new NotSupportedException($"Panels of {Bits} bits."),
    };

    /// <summary>Scales of a part.</summary>
    internal int PerPart => SplitScales ? 2 : 1;

    /// <summary>Of a part.</summary>
    internal int CodeBytes => Bits * VectorBytes;

    /// <summary>Of the halves at the head of a super-block.</summary>
    internal int SuperBytes => HasMin ? 2 * HalvesBytes : HalvesBytes;

    /// <summary>Of the scales and minima of a part.</summary>
    internal int PartBytes => Scales switch
    {
        PanelScales.Floats => (PerPart + (HasMin ? 1 : 0)) * Rows * sizeof(float),
        PanelScales.Halves => SuperBytes,
        _ => (PerPart + (HasMin ? 1 : 0)) * Rows,
    };

    /// <summary>Parts of a group: what lies behind one header. Two, where the scales of one fill half a vector.</summary>
    internal int GroupParts => Scales == PanelScales.SuperBlocks ? SuperParts : PartBytes < VectorBytes ? 2 : 1;

    /// <summary>Of the scales and minima of a group, in whole vectors: codes begin on cache lines.</summary>
    internal int HeaderBytes
        => ((GroupParts * PartBytes) + (Scales == PanelScales.SuperBlocks ? SuperBytes : 0) + VectorBytes - 1) / VectorBytes * VectorBytes;

    /// <summary>From a group to the next.</summary>
    internal int GroupBytes => HeaderBytes + (GroupParts * CodeBytes);

    /// <summary>Rows of so many columns are whole groups.</summary>
    internal bool Fits(int columns) => columns % (Blocks.PartSize * GroupParts) == 0;

    /// <summary>Of a panel.</summary>
    internal long PanelBytes(int columns) => (long)columns / Blocks.PartSize / GroupParts * GroupBytes;

    /// <summary>From a panel's start to a part's own scales.</summary>
    internal long ScalesAt(int part)
        => ((long)part / GroupParts * GroupBytes) + (Scales == PanelScales.SuperBlocks ? SuperBytes : 0) + (part % GroupParts * PartBytes);

    /// <summary>From a panel's start to a part's codes.</summary>
    internal long CodesAt(int part) => ((long)part / GroupParts * GroupBytes) + HeaderBytes + (part % GroupParts * CodeBytes);

    /// <summary>From a panel's start to the halves that a part has by itself, or shares with its super-block.</summary>
    internal long HalvesAt(int part) => Scales == PanelScales.SuperBlocks ? (long)part / GroupParts * GroupBytes : ScalesAt(part);
}
