using System.Diagnostics.CodeAnalysis;
using Homegrown.Engine.Formats;
using Homegrown.Kernels;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Folders;

/// <summary>Tensors that lie singly, seen as one: of one shape with a further outer dimension (experts), or matrices one below the other (parts of a table).</summary>
public sealed class StackedTensor : ModelTensor
{
    [SetsRequiredMembers]
    StackedTensor(string name, IReadOnlyList<ModelTensor> parts, IReadOnlyList<long> shape)
    {
        Parts = parts;
        (Name, File, Offset, Shape) = (name, parts[0].File, parts[0].Offset, shape);
    }

    /// <summary>In order.</summary>
    public IReadOnlyList<ModelTensor> Parts { get; }

    public override TensorType Type => Parts[0].Type;

    /// <exception cref="ModelFileException">A part has another shape.</exception>
    public static StackedTensor Of(string name, IReadOnlyList<ModelTensor> parts)
    {
        foreach (var part in parts)
            if (!part.Shape.SequenceEqual(parts[0].Shape)) throw part.Error($"has shape [{string.Join(", ", part.Shape)}], {parts[0].Name} has [{string.Join(", ", parts[0].Shape)}]");
        return new(name, parts, [parts.Count, .. parts[0].Shape]);
    }

    /// <summary>Rows of all parts, [rows, columns].</summary>
    /// <exception cref="ModelFileException">A part has other columns, or is no matrix.</exception>
    public static StackedTensor Below(string name, IReadOnlyList<ModelTensor> parts)
    {
        foreach (var part in parts)
            if (part.Shape.Count != 2 || part.Columns != parts[0].Columns) throw part.Error($"has shape [{string.Join(", ", part.Shape)}], no rows of {parts[0].Columns}");
        return new(name, parts, [parts.Sum(part => part.Rows), parts[0].Columns]);
    }

    /// <exception cref="NotSupportedException">Always: the parts lie apart, and are opened one by one.</exception>
    public override Weight Open() => throw new NotSupportedException($"{Name} lies in {Parts.Count} parts, which are opened one by one.");

    public override void Release()
    {
        foreach (var part in Parts) part.Release();
    }
}
