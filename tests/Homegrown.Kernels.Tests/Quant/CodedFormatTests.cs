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
            AssertSame(Expected(type, reader.Bytes, i), part.HasMin ? product + (i % 32 < 16 ? part.Min : part.SecondMin) : product);
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

    sealed record Part(sbyte[] Codes, float Low, float High, float Min, float SecondMin, int Bits, int Bias, bool HasMin, bool Split);

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
                    var second = TFormat.HasMin && TFormat.SplitScales ? TFormat.SecondMin(in Bytes[at], part) : min;
                    parts.Add(new(codes, low, high, min, second, TFormat.Bits, TFormat.Bias, TFormat.HasMin, TFormat.SplitScales));
                }
            }

            return parts;
        }
    }
}
