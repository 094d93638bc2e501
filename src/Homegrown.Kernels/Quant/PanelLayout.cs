using System.Runtime.Intrinsics;

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

    /// <summary>The same with 4 bits: a byte for each row and half of a part has the scale's factor below the minimum's.</summary>
    Pairs,

    /// <summary>A half for each row, which all parts of a block share.</summary>
    Blocks,

    /// <summary>Per part 8 bits for each row and half: <see cref="Fp4.ScaleOfExponent"/>.</summary>
    Exponents,

    /// <summary>Per part 8 bits for each row and half: <see cref="Fp4.ScaleOfFloat"/>.</summary>
    SmallFloats,
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
/// <param name="Bits">Of a code that the planes keep.</param>
/// <param name="HasMin">Parts have minima.</param>
/// <param name="SplitScales">The halves of a part have scales of their own.</param>
/// <param name="Bias">What is taken off a code, a power of two, or 0. Signed bytes are kept as code + 128.</param>
sealed record PanelLayout(int Bits, PanelScales Scales, bool HasMin, bool SplitScales, int Bias)
{
    internal const int Rows = 16, Groups = 8, VectorBytes = 64;
    internal const int HalvesBytes = Rows * sizeof(ushort);

    /// <summary>Where the bits of the planes stand in a code: 1 where the lowest is always 0.</summary>
    internal int FirstBit { get; init; }

    /// <summary>What the numbers in the planes stand for, as signed bytes; null where they are the codes themselves.</summary>
    internal Vector128<sbyte>? Levels { get; init; }

    /// <summary>Parts of a stored block.</summary>
    internal int BlockParts { get; init; } = 1;

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

    /// <summary>Minima of a part.</summary>
    internal int Minima => HasMin ? PerPart : 0;

    /// <summary>Parts share the halves at a group's head.</summary>
    internal bool HasSuper => Scales is PanelScales.SuperBlocks or PanelScales.Pairs or PanelScales.Blocks;

    /// <summary>Of a part.</summary>
    internal int CodeBytes => Bits * VectorBytes;

    /// <summary>Of the halves at the head of a super-block.</summary>
    internal int SuperBytes => HasMin ? 2 * HalvesBytes : HalvesBytes;

    /// <summary>Of the scales and minima of a part.</summary>
    internal int PartBytes => Scales switch
    {
        PanelScales.Floats => (PerPart + Minima) * Rows * sizeof(float),
        PanelScales.Halves => SuperBytes,
        PanelScales.SuperBlocks => (PerPart + Minima) * Rows,
        PanelScales.Blocks => 0,
        _ => PerPart * Rows,
    };

    /// <summary>Parts of a group: what lies behind one header. Two, where the scales of one fill half a vector or less.</summary>
    internal int GroupParts => HasSuper ? BlockParts : PartBytes < VectorBytes ? 2 : 1;

    /// <summary>
    /// Of the scales and minima of a group. In whole vectors, so that codes begin on cache lines, where these are a sixteenth of the
    /// codes at most; otherwise in halves of vectors.
    /// </summary>
    internal int HeaderBytes
    {
        get
        {
            var unit = GroupParts * CodeBytes >= 16 * VectorBytes ? VectorBytes : VectorBytes / 2;
            return ((GroupParts * PartBytes) + (HasSuper ? SuperBytes : 0) + unit - 1) / unit * unit;
        }
    }

    /// <summary>From a group to the next.</summary>
    internal int GroupBytes => HeaderBytes + (GroupParts * CodeBytes);

    /// <summary>Rows of so many columns are whole groups.</summary>
    internal bool Fits(int columns) => columns % (Blocks.PartSize * GroupParts) == 0;

    /// <summary>Of a panel.</summary>
    internal long PanelBytes(int columns) => (long)columns / Blocks.PartSize / GroupParts * GroupBytes;
}
