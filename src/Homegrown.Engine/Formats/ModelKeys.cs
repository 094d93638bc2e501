namespace Homegrown.Engine.Formats;

/// <summary>
/// A model's settings under the names of GGUF ("qwen3.block_count"), wherever they are stored: the metadata of a GGUF file, or
/// the config.json of a folder read through its family's map.
/// </summary>
public abstract class ModelKeys
{
    /// <summary>The keys that are there.</summary>
    public abstract IEnumerable<string> Names { get; }

    /// <summary>A long, double, bool or string, or an array of one of these; null where the key is absent.</summary>
    /// <exception cref="ModelFileException">The value is none of these, or out of their range.</exception>
    public abstract object? Find(string key);

    /// <summary>An error about a key, present or absent, in the words of its file.</summary>
    public abstract ModelFileException Error(string key, string problem);

    /// <summary>A key that must be there is not.</summary>
    /// <param name="wanted">What its value would be: "a whole number above 0".</param>
    public ModelFileException Missing(string key, string wanted) => Error(key, $"is missing: {wanted} is needed{Nearest.Hint(Stored(key)[0], Settings)}");

    /// <summary>What a key may be called in the file.</summary>
    protected virtual IReadOnlyList<string> Stored(string key) => [key];

    /// <summary>All names of the file, known or not.</summary>
    protected virtual IEnumerable<string> Settings => Names;

    /// <summary>Settings of the file that nobody asked for and that may be a feature, given the keys that were read.</summary>
    public abstract IEnumerable<string> Unread(IReadOnlySet<string> read, string architecture);
}
