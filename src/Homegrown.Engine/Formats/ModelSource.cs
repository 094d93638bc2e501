namespace Homegrown.Engine.Formats;

/// <summary>
/// A model as its family reads it: keys and tensors under the names of GGUF. A GGUF file has them as they are; a folder of Hugging
/// Face or ModelScope becomes one through its family's map.
/// </summary>
public abstract class ModelSource : IDisposable
{
    /// <summary>Absolute path of the file (the first of several) or folder.</summary>
    public abstract string Path { get; }

    /// <summary>Bytes of all its weight files.</summary>
    public abstract long Bytes { get; }

    /// <summary>Id of the architecture: general.architecture.</summary>
    public abstract string Architecture { get; }

    public abstract ModelKeys Keys { get; }

    /// <summary>The tensor of a canonical name ("blk.0.attn_q.weight"), or null.</summary>
    public abstract ModelTensor? Tensor(string name);

    /// <summary>Tensors that were made of stored ones and that live as long as this, unless released.</summary>
    internal List<ModelTensor> Made { get; } = [];

    /// <summary>Stored tensors that were never asked for: parts of the model that would be ignored.</summary>
    public abstract IEnumerable<string> Unused { get; }

    /// <summary>The chat template's source, or null.</summary>
    public abstract string? ChatTemplate { get; }

    /// <summary>A tensor that must be there is not.</summary>
    /// <param name="shape">That it should have, outermost first, where that is known.</param>
    public abstract ModelFileException Missing(string name, params ReadOnlySpan<long> shape);

    /// <summary>What is wrong then: what was expected, and the stored tensor that is called most like it.</summary>
    private protected static string Missed(string name, ReadOnlySpan<long> shape, IEnumerable<string> stored)
        => $"is missing: the model needs it{(shape.IsEmpty ? "" : $", [{string.Join(", ", shape.ToArray())}]")}{Nearest.Hint(name, stored)}";

    public abstract void Dispose();
}
