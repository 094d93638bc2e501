using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;

namespace Homegrown.Engine.Models;

/// <summary>A stored matrix that goes into a product, or those of its rows that belong together.</summary>
/// <param name="Outputs">Rows that go into the product.</param>
/// <param name="Rows">Which of the stored rows they are; null for all.</param>
public readonly record struct ProductPart(string Name, int Outputs, RowsOf? Rows = null)
{
    public static implicit operator ProductPart((string Name, int Outputs) part) => new(part.Name, part.Outputs);

    /// <summary>Rows of the stored matrix.</summary>
    internal int Stored => Rows is { } rows ? Outputs / rows.Count * rows.Period : Outputs;

    /// <summary>The rows, of the matrix or of its bias, [stored] each.</summary>
    internal ModelTensor Of(ModelTensor stored) => Rows is { } rows ? stored.Rows(Outputs, row => (row / rows.Count * rows.Period) + rows.First + (row % rows.Count)) : stored;
}

/// <summary>Of every <paramref name="Period"/> rows <paramref name="Count"/> from <paramref name="First"/> on: files store some things head by head.</summary>
public readonly record struct RowsOf(int First, int Count, int Period);
