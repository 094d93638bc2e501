using System.Runtime.InteropServices;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Formats.Safetensors.Quantized;

/// <summary>Floats of four bits with a power of two for every 32: MXFP4 to the bit, its nibbles in another order.</summary>
/// <remarks>gpt-oss: blocks [experts, rows, columns / 32, 16], scales [experts, rows, columns / 32]. DeepSeek-V4: [rows, columns / 2] and [rows, columns / 32].</remarks>
sealed class Mxfp4Layout : Layout
{
    const int PairBytes = 16, BlockBytes = 17;

    readonly Part weight, scale;
    readonly int blocks;

    internal Mxfp4Layout(Part weight, Part scale)
    {
        (this.weight, this.scale) = (weight, scale);
        if (scale.Shape.Count == 0 || scale.Type.Bytes() != 1 || weight.Type.Bytes() != 1 || weight.Tensor.Bytes / PairBytes != scale.Tensor.Bytes || weight.Tensor.Bytes % PairBytes != 0)
            throw scale.Error($"{scale.Type} of shape [{string.Join(", ", scale.Shape)}] is not one byte for every {PairBytes} of {weight.Tensor.Name}");
        blocks = scale.Size(-1);
        Shape = [.. scale.Shape.SkipLast(1), (long)blocks * ExactBlocks.Size];
    }

    internal override IReadOnlyList<long> Shape { get; }

    internal override TensorType Type => TensorType.MXFP4;

    internal override void Write(int row, Span<byte> target)
    {
        for (var b = 0; b < blocks; b++)
        {
            var at = ((long)row * blocks) + b;
            ExactBlocks.WriteMxfp4(scale.Bytes(at, 1)[0], weight.Bytes(at * PairBytes, PairBytes), target.Slice(b * BlockBytes, BlockBytes));
        }
    }
}

/// <summary>Floats of four bits with an eight-bit float for every 16 and a float32 for all: their product is rounded, so the weights are float32.</summary>
/// <remarks>compressed-tensors divides by weight_global_scale, ModelOpt multiplies by weight_scale_2. [rows, columns / 2] and [rows, columns / 16].</remarks>
sealed class Nvfp4Layout : Layout
{
    const int Group = 16;

    readonly Part weight;
    readonly float[] scales;
    readonly int groups;

    internal Nvfp4Layout(Part weight, Part scale, Part global, bool divides)
    {
        this.weight = weight;
        if (scale.Shape.Count == 0 || weight.Tensor.Bytes != scale.Tensor.Bytes * Group / 2)
            throw scale.Error($"has shape [{string.Join(", ", scale.Shape)}]: not one scale for every {Group / 2} bytes of {weight.Tensor.Name}");
        if (global.Floats() is not [var whole]) throw global.Error("is not one number");
        groups = scale.Size(-1);
        scales = scale.Floats();
        for (var i = 0; i < scales.Length; i++) scales[i] = divides ? scales[i] / whole : scales[i] * whole;
        Shape = [.. scale.Shape.SkipLast(1), (long)groups * Group];
    }

    internal override IReadOnlyList<long> Shape { get; }

    internal override TensorType Type => TensorType.F32;

    internal override void Write(int row, Span<byte> target)
    {
        var values = MemoryMarshal.Cast<byte, float>(target);
        var pairs = weight.Bytes((long)row * values.Length / 2, values.Length / 2);
        for (var c = 0; c < values.Length; c++)
            values[c] = SmallFloats.E2M1[(pairs[c / 2] >> (c % 2 * 4)) & 15] * scales[((long)row * groups) + (c / Group)];
    }
}
