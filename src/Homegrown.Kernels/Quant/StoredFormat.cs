namespace Homegrown.Kernels.Quant;

/// <summary>A row of the table of formats: sizes only, for a format that this build cannot compute with.</summary>
class StoredFormat(TensorType type, int blockSize, int blockBytes)
{
    internal TensorType Type => type;

    internal int BlockSize => blockSize;

    internal int BlockBytes => blockBytes;

    internal virtual bool IsSupported => false;

    internal virtual bool IsCoded => false;

    internal virtual bool NeedsImportance => false;

    internal virtual void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => throw Unsupported();

    internal virtual void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks) => throw Unsupported();

    internal virtual TResult Visit<TVisitor, TResult>(ref TVisitor visitor)
        where TVisitor : IFormatVisitor<TResult>, allows ref struct
        => throw Unsupported();

    internal virtual TResult VisitCoded<TVisitor, TResult>(ref TVisitor visitor)
        where TVisitor : ICodedFormatVisitor<TResult>, allows ref struct
        => throw (IsSupported ? new NotSupportedException($"{type} has no integer codes.") : Unsupported());

    NotSupportedException Unsupported() => new($"This build does not compute with {type} tensors; convert the model to another type.");
}

/// <summary>A row for a format that decodes and encodes.</summary>
class PlainFormat<TFormat>() : StoredFormat(TFormat.Type, TFormat.BlockSize, TFormat.BlockBytes)
    where TFormat : struct, IQuantFormat
{
    internal override bool IsSupported => true;

    internal override bool NeedsImportance => TFormat.NeedsImportance;

    internal override void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => TFormat.Dequantize(blocks, values);

    internal override void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
        => TFormat.Quantize(values, importance, blocks);

    internal override TResult Visit<TVisitor, TResult>(ref TVisitor visitor) => visitor.Visit<TFormat>();
}

/// <summary>A row for a format of integer codes.</summary>
sealed class CodedFormat<TFormat> : PlainFormat<TFormat>
    where TFormat : struct, ICodedFormat
{
    internal override bool IsCoded => true;

    internal override TResult VisitCoded<TVisitor, TResult>(ref TVisitor visitor) => visitor.Visit<TFormat>();
}
