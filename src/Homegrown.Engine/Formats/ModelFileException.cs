namespace Homegrown.Engine.Formats;

/// <summary>A file that is not what it says: one line that names file, field and offset.</summary>
public sealed class ModelFileException(string file, string field, long offset, string problem)
    : Exception($"{file}: {field} at offset {offset}: {problem}")
{
    public string File { get; } = file;

    public string Field { get; } = field;

    /// <summary>Bytes from the start of the file.</summary>
    public long Offset { get; } = offset;
}
