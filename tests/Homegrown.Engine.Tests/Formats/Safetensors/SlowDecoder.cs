using Homegrown.Engine.Formats.Safetensors;

namespace Homegrown.Engine.Tests.Formats.Safetensors;

/// <summary>Quantized layouts one value at a time, each a line from its description.</summary>
sealed class SlowDecoder(SafetensorsFile file)
{
    static readonly int[] AwqOrder = [0, 2, 4, 6, 1, 3, 5, 7];
    static readonly float[] Small = [0, 0.5f, 1, 1.5f, 2, 3, 4, 6, 0, -0.5f, -1, -1.5f, -2, -3, -4, -6];

    /// <summary>The module that a tensor of codes belongs to, and its values by row and column; null for other tensors.</summary>
    internal (string Module, Func<int, int, float> Value)? Decode(SafetensorsTensor codes)
    {
        var name = codes.Name;
        if (name.EndsWith(".qweight")) return (name[..^8], file.Tensor(name[..^8] + ".g_idx") is null ? Awq(codes, name[..^8]) : Gptq(codes, name[..^8]));
        if (name.EndsWith(".weight_packed")) return (name[..^14], Compressed(codes, file.Tensor(name[..^7] + "_scale")!));
        if (name.EndsWith("_blocks")) return (name[..^7], FourBits(codes, file.Tensor(name[..^7] + "_scales")!));
        if (codes.Type == SafetensorsType.I8) return (name[..^7], FourBits(codes, file.Tensor(name[..^7] + ".scale")!));
        if (codes.Type == SafetensorsType.F8_E4M3) return (name[..^7], EightBits(codes, file.Tensor(name + "_scale_inv") ?? file.Tensor(name[..^7] + ".scale") ?? file.Tensor(name + "_scale")!));
        return null;
    }

    Func<int, int, float> Gptq(SafetensorsTensor codes, string module)
    {
        var (zeros, scales, groups, rows) = (file.Tensor(module + ".qzeros")!, file.Tensor(module + ".scales")!, file.Tensor(module + ".g_idx")!, (int)codes.Shape[1]);
        return (r, c) =>
        {
            var g = Word(groups, c);
            return Number(scales, (g * rows) + r) * (Nibble(codes, (c / 8 * rows) + r, c % 8) - (Nibble(zeros, (g * (rows / 8)) + (r / 8), r % 8) + 1));
        };
    }

    Func<int, int, float> Awq(SafetensorsTensor codes, string module)
    {
        var (zeros, scales) = (file.Tensor(module + ".qzeros")!, file.Tensor(module + ".scales")!);
        var (words, group) = ((int)codes.Shape[1], (int)(codes.Shape[0] / scales.Shape[0]));
        return (r, c) =>
        {
            var place = Array.IndexOf(AwqOrder, r % 8);
            return Number(scales, (c / group * words * 8) + r) * (Nibble(codes, (c * words) + (r / 8), place) - Nibble(zeros, (c / group * words) + (r / 8), place));
        };
    }

    Func<int, int, float> Compressed(SafetensorsTensor codes, SafetensorsTensor scales)
    {
        var (words, groups) = ((int)codes.Shape[1], (int)scales.Shape[1]);
        return (r, c) => Number(scales, (r * groups) + (c / (words * 8 / groups))) * (Nibble(codes, (r * words) + (c / 8), c % 8) - 8);
    }

    Func<int, int, float> FourBits(SafetensorsTensor codes, SafetensorsTensor scales)
    {
        var blocks = (int)scales.Shape[^1];
        return (r, c) => Small[(Byte(codes, (r * blocks * 16) + (c / 2)) >> (c % 2 * 4)) & 15] * (float)Math.ScaleB(1, Byte(scales, (r * blocks) + (c / 32)) - 127);
    }

    Func<int, int, float> EightBits(SafetensorsTensor codes, SafetensorsTensor scales)
    {
        var columns = (int)codes.Shape[1];
        var perRow = scales.Shape[1] == 1 && scales.Shape[0] == codes.Shape[0];
        return (r, c) => (float)(Eight(Byte(codes, (r * columns) + c)) * Number(scales, perRow ? r : (r / 128 * (int)scales.Shape[1]) + (c / 128)));
    }

    static double Eight(byte code)
    {
        var (exponent, fraction) = ((code >> 3) & 15, code & 7);
        return (code < 128 ? 1 : -1) * (exponent == 0 ? fraction / 512.0 : (8 + fraction) * Math.Pow(2, exponent - 10));
    }

    float Number(SafetensorsTensor tensor, int i) => tensor.Type switch
    {
        SafetensorsType.F32 => BitConverter.ToSingle(file.Bytes(tensor, 4L * i, 4)),
        SafetensorsType.F16 => (float)BitConverter.ToHalf(file.Bytes(tensor, 2L * i, 2)),
        SafetensorsType.BF16 => BitConverter.Int32BitsToSingle(BitConverter.ToUInt16(file.Bytes(tensor, 2L * i, 2)) << 16),
        SafetensorsType.F8_E8M0 => (float)Math.ScaleB(1, Byte(tensor, i) - 127),
        _ => throw new NotSupportedException($"{tensor.Type}"),
    };

    int Nibble(SafetensorsTensor tensor, int word, int place) => (Word(tensor, word) >> (4 * place)) & 15;

    int Word(SafetensorsTensor tensor, int i) => BitConverter.ToInt32(file.Bytes(tensor, 4L * i, 4));

    byte Byte(SafetensorsTensor tensor, int i) => file.Bytes(tensor, i, 1)[0];
}
