using System.Runtime.InteropServices;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Formats.Safetensors.Quantized;

/// <summary>Reads the codes of a row as stored, without sign: [columns].</summary>
delegate void CodeReader(int row, Span<int> codes);

/// <summary>
/// Integer codes in groups of columns: w = scale * (code - zero). Where groups are whole blocks of neighbours and their scales are halves
/// this is Q4_0, Q5_0 (zeros of their own need a fifth bit) or Q8_0 to the bit; else, as with columns in order of activation, float32.
/// </summary>
sealed class IntegerLayout : Layout
{
    readonly CodeReader codes;
    readonly float[] scales;
    readonly int[] zeros;
    readonly int[] groups;
    readonly (int Row, int Group) stride;
    readonly TensorType? blocks;

    /// <param name="bits">Of a code.</param>
    /// <param name="scales">Of every row and group.</param>
    /// <param name="zeros">Likewise.</param>
    /// <param name="groups">The group of each column.</param>
    /// <param name="byGroup">Scales and zeros lie [groups, rows]; else [rows, groups].</param>
    internal IntegerLayout(int rows, int bits, CodeReader codes, float[] scales, int[] zeros, int[] groups, bool byGroup)
    {
        (this.codes, this.scales, this.zeros, this.groups) = (codes, scales, zeros, groups);
        Shape = [rows, groups.Length];
        stride = byGroup ? (1, rows) : (scales.Length / Math.Max(rows, 1), 1);
        if (zeros.Length > 0 && groups.Length % ExactBlocks.Size == 0 && Neighbours() && Array.TrueForAll(scales, ExactBlocks.Holds))
            blocks = ExactBlocks.Smallest(-zeros.Max(), (1 << bits) - 1 - zeros.Min());
    }

    internal override IReadOnlyList<long> Shape { get; }

    internal override TensorType Type => blocks ?? TensorType.F32;

    internal override void Write(int row, Span<byte> target)
    {
        var values = new int[groups.Length];
        codes(row, values);
        for (var c = 0; c < values.Length; c++) values[c] -= zeros[Place(row, c)];
        if (blocks is { } type)
        {
            var blockBytes = QuantFormats.BlockBytes(type);
            for (var (c, at) = (0, 0); c < values.Length; c += ExactBlocks.Size, at += blockBytes)
                ExactBlocks.Write(type, scales[Place(row, c)], values.AsSpan(c, ExactBlocks.Size), target.Slice(at, blockBytes));
            return;
        }

        var floats = MemoryMarshal.Cast<byte, float>(target);
        for (var c = 0; c < values.Length; c++) floats[c] = scales[Place(row, c)] * values[c];
    }

    int Place(int row, int column) => (row * stride.Row) + (groups[column] * stride.Group);

    /// <summary>No block has columns of two groups.</summary>
    bool Neighbours()
    {
        for (var c = 0; c < groups.Length; c++)
            if (groups[c] != groups[c - (c % ExactBlocks.Size)]) return false;
        return true;
    }
}
