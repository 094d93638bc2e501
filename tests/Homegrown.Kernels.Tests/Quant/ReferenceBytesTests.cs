using System.Runtime.InteropServices;
using Homegrown.Kernels.Quant;
using Homegrown.Testing;

namespace Homegrown.Kernels.Tests.Quant;

/// <summary>Bytes and values equal to llama.cpp's quantizer, on rows in the repository and on the larger set beside it.</summary>
public class ReferenceBytesTests
{
    const int Columns = 512;

    /// <summary>Formats that the larger set lacks.</summary>
    static readonly TensorType[] OnlyHere = [TensorType.NVFP4, TensorType.Q1_0, TensorType.Q2_0];

    public static TheoryData<TensorType, bool> Formats
        => Both(FormatCorpus.All.Where(type => type != TensorType.F32 && !QuantFormats.NeedsImportance(type)));

    public static TheoryData<TensorType, bool> Weighted => Both(FormatCorpus.Quantized);

    public static TheoryData<TensorType, bool> Heavy => [.. FormatCorpus.WithAndWithoutImportance(FormatCorpus.Quantized)];

    [Theory, MemberData(nameof(Heavy))]
    public void Rows_with_outliers_and_zeros_are_encoded_to_the_reference_bytes(TensorType type, bool weighted)
        => AssertEncodes(
            type, Heavily("input.f32"), Heavily(FileName(type, weighted ? "imatrix.bin" : "bin")), weighted ? Numbers.Floats(Heavily("imatrix.f32")) : []);

    [Theory, MemberData(nameof(Formats))]
    public void Rows_are_encoded_to_the_reference_bytes(TensorType type, bool shared)
        => AssertEncodes(type, Path(shared, "input.f32"), Path(shared, FileName(type, "bin")), []);

    [Theory, MemberData(nameof(Weighted))]
    public void Rows_with_importance_are_encoded_to_the_reference_bytes(TensorType type, bool shared)
        => AssertEncodes(type, Path(shared, "input.f32"), Path(shared, FileName(type, "imatrix.bin")), Numbers.Floats(Path(shared, "imatrix.f32")));

    [Theory, MemberData(nameof(Formats))]
    public void Reference_bytes_decode_to_the_reference_values(TensorType type, bool shared)
        => AssertDecodes(type, Path(shared, FileName(type, "bin")), Path(shared, FileName(type, "dequant.f32")));

    [Theory, MemberData(nameof(Weighted))]
    public void Reference_bytes_with_importance_decode_to_the_reference_values(TensorType type, bool shared)
        => AssertDecodes(type, Path(shared, FileName(type, "imatrix.bin")), Path(shared, FileName(type, "imatrix.dequant.f32")));

    static TheoryData<TensorType, bool> Both(IEnumerable<TensorType> types)
        => [.. types.SelectMany(type => new[] { (type, false), (type, true) }).Where(pair => !pair.Item2 || !OnlyHere.Contains(pair.type))];

    static void AssertEncodes(TensorType type, string inputFile, string expectedFile, float[] importance)
    {
        var (input, expected) = (Numbers.Floats(inputFile), File.ReadAllBytes(expectedFile));
        var rowBytes = (int)QuantFormats.RowBytes(type, Columns);
        Assert.Equal(expected.Length, input.Length / Columns * rowBytes);
        var actual = new byte[expected.Length];
        for (var row = 0; row < input.Length / Columns; row++)
            QuantFormats.Quantize(type, input.AsSpan(row * Columns, Columns), importance, actual.AsSpan(row * rowBytes, rowBytes));
        Assert.Equal(expected, actual);
    }

    static void AssertDecodes(TensorType type, string bytesFile, string valuesFile)
    {
        var expected = Numbers.Floats(valuesFile);
        var actual = new float[expected.Length];
        QuantFormats.Dequantize(type, File.ReadAllBytes(bytesFile), actual);
        Assert.Equal(Bits(expected), Bits(actual));
    }

    static uint[] Bits(float[] values) => MemoryMarshal.Cast<float, uint>(values).ToArray();

    static string FileName(TensorType type, string suffix) => $"{FormatCorpus.FileStem(type)}.{suffix}";

    static string Heavily(string file) => Repository.Fixture("quants", "heavy", file);

    static string Path(bool shared, string file) => shared ? Repository.Shared("quants", file) : Repository.Fixture("quants", file);
}
