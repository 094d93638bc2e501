namespace Homegrown.Engine.Formats;

/// <summary>A file that is not what it says: one line that names file, field and, where it has one, offset.</summary>
public sealed class ModelFileException(string file, string field, long? offset, string problem)
    : Exception(offset is { } at ? $"{file}: {field} at offset {at}: {problem}" : $"{file}: {field}: {problem}")
{
    public string File { get; } = file;

    public string Field { get; } = field;

    /// <summary>Bytes from the start of the file; null in a file of text.</summary>
    public long? Offset { get; } = offset;
}
