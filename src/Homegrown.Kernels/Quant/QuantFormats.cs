using Homegrown.Kernels.Quant.Codebooks;

namespace Homegrown.Kernels.Quant;

/// <summary>Code that is generic over the storage format; <see cref="QuantFormats.Visit"/> supplies the type.</summary>
public interface IFormatVisitor<TResult>
{
    TResult Visit<TFormat>()
        where TFormat : struct, IQuantFormat;
}

/// <summary>Code that is generic over the coded formats; <see cref="QuantFormats.VisitCoded"/> supplies the type.</summary>
public interface ICodedFormatVisitor<TResult>
{
    TResult Visit<TFormat>()
        where TFormat : struct, ICodedFormat;
}

/// <summary>The one place where a type id of a file becomes a static type.</summary>
public static class QuantFormats
{
    // A new format is a file beside this one and a row here. Rows that are only sized let a file be checked and listed.
    static readonly StoredFormat?[] Table = ByType(
        new PlainFormat<F32>(),
        new PlainFormat<F16>(),
        new PlainFormat<BF16>(),
        new CodedFormat<Q4_0>(),
        new CodedFormat<Q4_1>(),
        new CodedFormat<Q5_0>(),
        new CodedFormat<Q5_1>(),
        new CodedFormat<Q8_0>(),
        new CodedFormat<Q2_K>(),
        new CodedFormat<Q3_K>(),
        new CodedFormat<Q4_K>(),
        new CodedFormat<Q5_K>(),
        new CodedFormat<Q6_K>(),
        new CodedFormat<IQ1_S>(),
        new CodedFormat<IQ1_M>(),
        new CodedFormat<IQ2_XXS>(),
        new CodedFormat<IQ2_XS>(),
        new CodedFormat<IQ2_S>(),
        new CodedFormat<IQ3_XXS>(),
        new CodedFormat<IQ3_S>(),
        new CodedFormat<IQ4_NL>(),
        new CodedFormat<IQ4_XS>(),
        new CodedFormat<TQ1_0>(),
        new CodedFormat<TQ2_0>(),
        new CodedFormat<MXFP4>(),
        new CodedFormat<NVFP4>(),
        new CodedFormat<Q1_0>(),
        new CodedFormat<Q2_0>(),
        new StoredFormat(TensorType.Q8_1, 32, 36),
        new StoredFormat(TensorType.Q8_K, 256, 292),
        new StoredFormat(TensorType.I8, 1, 1),
        new StoredFormat(TensorType.I16, 1, 2),
        new StoredFormat(TensorType.I32, 1, 4),
        new StoredFormat(TensorType.I64, 1, 8),
        new StoredFormat(TensorType.F64, 1, 8));

    /// <summary>The type is one of <see cref="TensorType"/>: its sizes are known.</summary>
    public static bool IsKnown(TensorType type) => (uint)type < (uint)Table.Length && Table[(int)type] is not null;

    /// <summary>This build computes with the type.</summary>
    public static bool IsSupported(TensorType type) => IsKnown(type) && Row(type).IsSupported;

    /// <summary>The type has integer codes: 8-bit products read it through <see cref="ICodedFormat"/>.</summary>
    public static bool IsCoded(TensorType type) => IsKnown(type) && Row(type).IsCoded;

    /// <summary>The type keeps too little to be encoded without importance: <see cref="IQuantFormat.NeedsImportance"/>.</summary>
    public static bool NeedsImportance(TensorType type) => Row(type).NeedsImportance;

    /// <summary>The field's name of the type, or its number.</summary>
    public static string Name(TensorType type) => type.ToString();

    /// <summary>Values in a block.</summary>
    public static int BlockSize(TensorType type) => Row(type).BlockSize;

    /// <summary>Bytes of a block.</summary>
    public static int BlockBytes(TensorType type) => Row(type).BlockBytes;

    /// <summary>Bytes of a row of <paramref name="columns"/> values.</summary>
    /// <exception cref="ArgumentException">The columns are not whole blocks.</exception>
    public static long RowBytes(TensorType type, long columns)
    {
        var row = Row(type);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        if (columns % row.BlockSize != 0) throw new ArgumentException($"{columns} columns are not whole blocks of {row.BlockSize} ({type}).", nameof(columns));
        return checked(columns / row.BlockSize * row.BlockBytes);
    }

    /// <summary>Decodes whole blocks to float32.</summary>
    public static void Dequantize(TensorType type, ReadOnlySpan<byte> blocks, Span<float> values) => Row(type).Dequantize(blocks, values);

    /// <summary>Encodes one row, or without importance any number of rows: see <see cref="IQuantFormat.Quantize"/>.</summary>
    public static void Quantize(TensorType type, ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
        => Row(type).Quantize(values, importance, blocks);

    /// <summary>Runs <paramref name="visitor"/> with the static type of a supported format.</summary>
    public static TResult Visit<TVisitor, TResult>(TensorType type, ref TVisitor visitor)
        where TVisitor : IFormatVisitor<TResult>, allows ref struct
        => Row(type).Visit<TVisitor, TResult>(ref visitor);

    /// <summary>Runs <paramref name="visitor"/> with the static type of a coded format.</summary>
    public static TResult VisitCoded<TVisitor, TResult>(TensorType type, ref TVisitor visitor)
        where TVisitor : ICodedFormatVisitor<TResult>, allows ref struct
        => Row(type).VisitCoded<TVisitor, TResult>(ref visitor);

    static StoredFormat Row(TensorType type)
        => IsKnown(type) ? Table[(int)type]! : throw new NotSupportedException($"Tensor type {(int)type} is unknown.");

    static StoredFormat?[] ByType(params ReadOnlySpan<StoredFormat> rows)
    {
        var table = new StoredFormat?[64];
        foreach (var row in rows) table[(int)row.Type] = row;
        return table;
    }
}
