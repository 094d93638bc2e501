using System.Runtime.InteropServices;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Formats.Safetensors.Quantized;

/// <summary>
/// Floats of eight bits with a scale for each block of rows and columns (DeepSeek: 128 x 128, the last ones short), each row, or the whole:
/// w = value * scale. With powers of two for scales that is bfloat16 to the bit; with others it takes float32.
/// </summary>
sealed class EightBitLayout : Layout
{
    readonly Part weight;
    readonly float[] table, scales;
    readonly long rows;
    readonly (int Rows, int Columns) block, grid;

    /// <param name="weight">[..., rows, columns].</param>
    /// <param name="scale">One number; [rows] or [..., rows, 1]; or one for each block. None for floats as they are.</param>
    /// <param name="blockSize">Rows and columns of a block.</param>
    internal EightBitLayout(Part weight, Part? scale, (int Rows, int Columns) blockSize)
    {
        this.weight = weight;
        table = weight.Type == SafetensorsType.F8_E5M2 ? SmallFloats.E5M2 : SmallFloats.E4M3;
        scales = scale?.Floats() ?? [1];
        var columns = weight.Size(-1);
        rows = weight.Shape.Count > 1 ? weight.Size(-2) : 1;
        var matrices = weight.Shape.SkipLast(2).Aggregate(1L, (product, size) => checked(product * size));
        var blocks = ((int)((rows + blockSize.Rows - 1) / blockSize.Rows), (int)(((long)columns + blockSize.Columns - 1) / blockSize.Columns));
        if (scales.Length == 1) (block, grid) = ((int.MaxValue, int.MaxValue), (0, 0));
        else if (scale!.Shape.Count < 2 || scale.Shape[^1] == 1 && scales.Length == matrices * rows) (block, grid) = ((1, int.MaxValue), ((int)rows, 1));
        else (block, grid) = (blockSize, blocks);
        if (scales.Length != 1 && scales.Length != matrices * grid.Rows * grid.Columns)
            throw scale!.Error($"has shape [{string.Join(", ", scale.Shape)}]: neither one scale, nor one for each of {rows} rows or each block of {blockSize.Rows} x {blockSize.Columns}");
        Type = Array.TrueForAll(scales, IsModestPowerOfTwo) ? TensorType.BF16 : TensorType.F32;
    }

    internal override IReadOnlyList<long> Shape => weight.Shape;

    internal override TensorType Type { get; }

    internal override void Write(int row, Span<byte> target)
    {
        var columns = weight.Size(-1);
        var codes = weight.Bytes((long)row * columns, columns);
        var first = scales.Length == 1 ? 0 : (int)((((row / rows) * grid.Rows) + (row % rows / block.Rows)) * grid.Columns);
        for (var c = 0; c < columns; c++)
        {
            var value = table[codes[c]] * scales[first + (c / block.Columns)];
            if (Type == TensorType.F32) MemoryMarshal.Cast<byte, float>(target)[c] = value;
            else MemoryMarshal.Cast<byte, ushort>(target)[c] = BF16.FromSingle(value);
        }
    }

    /// <summary>A product with it keeps the few bits of an eight-bit float: no overflow, nothing subnormal.</summary>
    static bool IsModestPowerOfTwo(float scale) => float.IsPow2(scale) && scale is >= 1e-30f and <= 1e30f;
}
