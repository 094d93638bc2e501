using System.Runtime.InteropServices;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Formats.Safetensors.Quantized;

/// <summary>One of the tensors that together hold a weight: codes, scales, zeros.</summary>
sealed record Part(SafetensorsFile File, SafetensorsTensor Tensor)
{
    internal IReadOnlyList<long> Shape => Tensor.Shape;

    internal SafetensorsType Type => Tensor.Type;

    /// <summary>Size of dimension <paramref name="i"/>, at most 2^31 - 1; from the end where negative.</summary>
    internal int Size(int i)
    {
        var size = Shape[i < 0 ? Shape.Count + i : i];
        return size <= int.MaxValue ? (int)size : throw Error($"a side of {size} is more than 2^31 - 1");
    }

    internal ReadOnlySpan<byte> Bytes(long first, int count) => File.Bytes(Tensor, first, count);

    /// <summary>All of it as 32-bit words.</summary>
    internal ReadOnlySpan<int> Words()
    {
        if (Type is not (SafetensorsType.I32 or SafetensorsType.U32)) throw Error($"is stored as {Type}, it has to be I32");
        return MemoryMarshal.Cast<byte, int>(All());
    }

    /// <summary>All of it as numbers.</summary>
    internal float[] Floats()
    {
        var bytes = All();
        var values = new float[bytes.Length / Type.Bytes()];
        switch (Type)
        {
            case SafetensorsType.F32: QuantFormats.Dequantize(TensorType.F32, bytes, values); break;
            case SafetensorsType.F16: QuantFormats.Dequantize(TensorType.F16, bytes, values); break;
            case SafetensorsType.BF16: QuantFormats.Dequantize(TensorType.BF16, bytes, values); break;
            case SafetensorsType.F8_E4M3: LookUp(SmallFloats.E4M3, bytes, values); break;
            case SafetensorsType.F8_E8M0 or SafetensorsType.U8: LookUp(SmallFloats.E8M0, bytes, values); break;
            default: throw Error($"is stored as {Type}, which scales are not");
        }

        return values;
    }

    internal ModelFileException Error(string problem) => new(File.Path, $"tensor {Tensor.Name}", Tensor.Offset, problem);

    /// <summary>Refuses another shape.</summary>
    internal void Require(params ReadOnlySpan<long> shape)
    {
        if (!Shape.SequenceEqual(shape.ToArray())) throw Error($"has shape [{string.Join(", ", Shape)}], its weight needs [{string.Join(", ", shape.ToArray())}]");
    }

    ReadOnlySpan<byte> All() => Tensor.Bytes <= int.MaxValue ? Bytes(0, (int)Tensor.Bytes) : throw Error("is larger than 2 GB");

    static void LookUp(float[] table, ReadOnlySpan<byte> codes, float[] values)
    {
        for (var i = 0; i < values.Length; i++) values[i] = table[codes[i]];
    }
}
