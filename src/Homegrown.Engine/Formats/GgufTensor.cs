using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Formats;

/// <summary>A tensor of a GGUF file, as its directory describes it.</summary>
public sealed record GgufTensor
{
    public required string Name { get; init; }

    /// <summary>Innermost first: [columns, rows, ...]. None at all for a single number.</summary>
    public required IReadOnlyList<long> Dimensions { get; init; }

    public required TensorType Type { get; init; }

    /// <summary>Bytes from the start of its file.</summary>
    public required long Offset { get; init; }

    public required long Bytes { get; init; }

    /// <summary>Which of <see cref="GgufFile.Paths"/> holds it.</summary>
    public int File { get; init; }

    /// <summary>Values in a row.</summary>
    public long Columns => Dimensions.Count == 0 ? 1 : Dimensions[0];

    /// <summary>Rows of all matrices together.</summary>
    public long Rows => Dimensions.Skip(1).Aggregate(1L, (product, size) => product * size);
}
