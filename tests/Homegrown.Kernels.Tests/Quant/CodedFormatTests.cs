using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Tests.Quant;

public class CodedFormatTests
{
    public static TheoryData<TensorType> Coded => [.. FormatCorpus.Coded];

    public static TheoryData<TensorType> Quantized => [.. FormatCorpus.Quantized];

    [Theory, MemberData(nameof(Quantized))]
    public void Any_bytes_decode_as_the_definition_says(TensorType type)
    {
        var bytes = RandomBlocks(type, 64);
        var values = new float[64 * QuantFormats.BlockSize(type)];
        QuantFormats.Dequantize(type, bytes, values);
        for (var i = 0; i < values.Length; i++) AssertSame(Expected(type, bytes, i), values[i]);
    }

    [Theory, MemberData(nameof(Coded))]
    public void A_value_is_scale_times_code_plus_min(TensorType type)
    {
        var reader = new PartReader { Bytes = RandomBlocks(type, 64) };
        var parts = QuantFormats.VisitCoded<PartReader, List<Part>>(type, ref reader);
        Assert.Equal(64 * QuantFormats.BlockSize(type) / 32, parts.Count);
        for (var i = 0; i < parts.Count * 32; i++)
        {
            var part = parts[i / 32];
            var product = (i % 32 < 16 ? part.Low : part.High) * (part.Codes[i % 32] - part.Bias);
            AssertSame(Expected(type, reader.Bytes, i), part.HasMin ? product + part.Min : product);
        }
    }

    [Theory, MemberData(nameof(Coded))]
    public void The_flags_of_a_format_are_true_of_its_parts(TensorType type)
    {
        var reader = new PartReader { Bytes = RandomBlocks(type, 64) };
        foreach (var part in QuantFormats.VisitCoded<PartReader, List<Part>>(type, ref reader))
        {
            if (part.Bits < 8) Assert.All(part.Codes, code => Assert.InRange(code, 0, (1 << part.Bits) - 1));
            else Assert.Equal(0, part.Bias);
            if (!part.HasMin) Assert.Equal(0, part.Min);
            if (!part.Split) AssertSame(part.Low, part.High);
        }
    }

    [Theory, MemberData(nameof(Coded))]
    public void Eight_rows_side_by_side_are_the_rows(TensorType type)
    {
        Assert.SkipUnless(System.Runtime.Intrinsics.X86.Avx2.IsSupported, "rows are held side by side with AVX2 only");
        // Without and with a scale that is not finite.
        var reader = new RowsReader { Bytes = RandomBlocks(type, 8 * 3) };
        QuantFormats.VisitCoded<RowsReader, int>(type, ref reader);
        for (var b = 0; b < reader.Bytes.Length; b += QuantFormats.BlockBytes(type))
            (reader.Bytes[b], reader.Bytes[b + 1], reader.Bytes[b + 2], reader.Bytes[b + 3]) = (1, 0x3C, 5, 0x3D);
        QuantFormats.VisitCoded<RowsReader, int>(type, ref reader);
    }

    static byte[] RandomBlocks(TensorType type, int blocks)
    {
        var bytes = new byte[blocks * QuantFormats.BlockBytes(type)];
        new Random(7).NextBytes(bytes);
        // An infinite scale and a negative zero, which random bytes rarely have.
        (bytes[0], bytes[1]) = (0x00, 0x7C);
        (bytes[QuantFormats.BlockBytes(type)], bytes[QuantFormats.BlockBytes(type) + 1]) = (0x00, 0x80);
        return bytes;
    }

    static float Expected(TensorType type, ReadOnlySpan<byte> bytes, int i)
    {
        var (size, blockBytes) = (QuantFormats.BlockSize(type), QuantFormats.BlockBytes(type));
        return ScalarDecoder.Value(type, bytes.Slice(i / size * blockBytes, blockBytes), i % size);
    }

    static void AssertSame(float expected, float actual)
    {
        if (!float.IsNaN(expected) || !float.IsNaN(actual)) Assert.Equal(BitConverter.SingleToUInt32Bits(expected), BitConverter.SingleToUInt32Bits(actual));
    }

    sealed record Part(sbyte[] Codes, float Low, float High, float Min, int Bits, int Bias, bool HasMin, bool Split);

    struct PartReader : ICodedFormatVisitor<List<Part>>
    {
        internal byte[] Bytes;

        public readonly List<Part> Visit<TFormat>()
            where TFormat : struct, ICodedFormat
        {
            var parts = new List<Part>();
            for (var at = 0; at < Bytes.Length; at += TFormat.BlockBytes)
            {
                for (var part = 0; part < TFormat.BlockSize / 32; part++)
                {
                    var codes = new sbyte[32];
                    System.Runtime.Intrinsics.Vector256.CopyTo(TFormat.Codes(in Bytes[at], part), codes);
                    TFormat.Scales(in Bytes[at], part, out var low, out var high, out var min);
                    parts.Add(new(codes, low, high, min, TFormat.Bits, TFormat.Bias, TFormat.HasMin, TFormat.SplitScales));
                }
            }

            return parts;
        }
    }

    unsafe struct RowsReader : ICodedFormatVisitor<int>
    {
        const int Stride = 16;
        internal byte[] Bytes;

        public readonly int Visit<TFormat>()
            where TFormat : struct, ICodedFormat
        {
            var (rowBytes, perPart, partsOfBlock) = (Bytes.Length / 8, TFormat.SplitScales ? 2 : 1, TFormat.BlockSize / 32);
            var parts = rowBytes / TFormat.BlockBytes * partsOfBlock;
            var (scales, mins) = (new float[parts * perPart * Stride], new float[parts * Stride]);
            fixed (byte* rows = Bytes)
            fixed (float* s = scales, m = mins)
            {
                TFormat.Scales(rows, rowBytes, rowBytes / TFormat.BlockBytes, s, m, Stride);
                for (var part = 0; part < parts; part++)
                {
                    var block = rows + (part / partsOfBlock * TFormat.BlockBytes);
                    var turned = new System.Runtime.Intrinsics.Vector256<int>[8];
                    TFormat.Turned(
                        block, rowBytes, part % partsOfBlock,
                        out turned[0], out turned[1], out turned[2], out turned[3], out turned[4], out turned[5], out turned[6], out turned[7]);
                    for (var lane = 0; lane < 8; lane++, block += rowBytes)
                    {
                        var codes = TFormat.Codes(in *block, part % partsOfBlock);
                        for (var i = 0; i < 32; i++) Assert.Equal(codes[i], (sbyte)(turned[i / 4][lane] >> (8 * (i % 4))));
                        TFormat.Scales(in *block, part % partsOfBlock, out var low, out var high, out var min);
                        AssertSame(low, scales[(part * perPart * Stride) + lane]);
                        AssertSame(high, scales[((((part + 1) * perPart) - 1) * Stride) + lane]);
                        if (TFormat.HasMin) AssertSame(min, mins[(part * Stride) + lane]);
                    }
                }
            }

            return parts;
        }
    }
}
