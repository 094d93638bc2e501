using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// One storage format of weights, as a type without state: everything above is generic over it, so the JIT makes one
/// specialised loop per format. A row is a whole number of blocks.
/// </summary>
public interface IQuantFormat
{
    /// <summary>The id in a file.</summary>
    static abstract TensorType Type { get; }

    /// <summary>Values in a block: 1 for floats, 32 for the legacy formats, 256 for the K formats.</summary>
    static abstract int BlockSize { get; }

    /// <summary>Bytes of a block.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>The format keeps too little to be chosen without importance: <see cref="Quantize"/> then refuses.</summary>
    static virtual bool NeedsImportance => false;

    /// <summary>Decodes whole blocks: <paramref name="blocks"/> holds values.Length / BlockSize of them.</summary>
    static abstract void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values);

    /// <summary>
    /// Encodes whole blocks. <paramref name="importance"/> is empty, or holds one weight of the squared error per column
    /// (an importance matrix' row, as long as <paramref name="values"/>).
    /// </summary>
    /// <exception cref="ArgumentException">The lengths do not fit, or <see cref="NeedsImportance"/> and there is none.</exception>
    static abstract void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks);
}

/// <summary>
/// A format of integer codes with scales: what the integer products read. In units of 32 values ("parts") a weight is
/// <c>scale[half] * (code - Bias) + min[half]</c>, where half is 0 for the first 16 values of the part and 1 for the others.
/// </summary>
public interface ICodedFormat : IQuantFormat
{
    /// <summary>Bits of a code: 2 to 6 for codes of 0 to 2^Bits - 1, or 8 for signed bytes.</summary>
    static abstract int Bits { get; }

    /// <summary>The code of a weight of 0 where the codes are centred; otherwise, and for signed codes, 0.</summary>
    static abstract int Bias { get; }

    /// <summary>A part has a minimum (its weights are not centred); otherwise <c>min</c> is 0.</summary>
    static abstract bool HasMin { get; }

    /// <summary>The halves of a part have scales of their own (Q6_K, Q3_K); otherwise both are equal.</summary>
    static abstract bool SplitScales { get; }

    /// <summary>The 32 codes of a part, in order of the columns. Part 0 to BlockSize / 32 - 1 of the block at <paramref name="block"/>.</summary>
    static abstract Vector256<sbyte> Codes(ref readonly byte block, int part);

    /// <summary>The scales and the minimum of a part.</summary>
    static abstract void Scales(ref readonly byte block, int part, out float low, out float high, out float min);

    /// <summary>How panels keep the scales; null for formats that are multiplied from their stored form.</summary>
    static virtual PanelScales? Panels => null;

    /// <summary>The minimum of a part's second half, where <see cref="HasMin"/> and <see cref="SplitScales"/>; not asked for otherwise.</summary>
    static virtual float SecondMin(ref readonly byte block, int part) => 0;

    /// <summary>The lowest bit of a code that is not always 0; panels do not keep those below.</summary>
    static virtual int FirstBit => 0;

    /// <summary>Codes, of 8 bits, are one of 16 levels: panels keep which.</summary>
    static virtual bool HasLevels => false;

    /// <summary>With <see cref="HasLevels"/>, these.</summary>
    static virtual Vector128<sbyte> Levels => throw new NotSupportedException("A format without levels.");

    /// <summary>With <see cref="HasLevels"/>, the 32 numbers of 0 to 15 that <see cref="Codes"/> looks up.</summary>
    static virtual Vector256<byte> Numbers(ref readonly byte block, int part) => throw new NotSupportedException("A format without levels.");

    /// <summary>Where in a block, in bytes, its half of the scale is; with <see cref="HasMin"/> that of the minimum is behind it.</summary>
    static virtual int HalvesAt => 0;

    /// <summary>
    /// The bytes of a block's scales. <see cref="PanelScales.SuperBlocks"/>: what it multiplies its halves with for each part: [8, 2], for
    /// both halves of the part, or for the part and its minimum; [8] where it has neither. <see cref="PanelScales.Pairs"/>: the same,
    /// [8, 2], in 4 bits. <see cref="PanelScales.Exponents"/> and <see cref="PanelScales.SmallFloats"/>: of each part, or half.
    /// </summary>
    static virtual Vector128<sbyte> Factors(ref readonly byte block) => throw new NotSupportedException("A format whose scales have no bytes.");
}
