namespace Homegrown.Engine.Tokenizers.Unicode;

/// <summary>Tables that are embedded as text, one entry a line.</summary>
static class Resources
{
    /// <summary>The lines of a table but its comments, cut at the first space.</summary>
    public static IEnumerable<(string Key, string Value)> Read(string name)
    {
        using var stream = typeof(Resources).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
            if (line.Length > 0 && line[0] != '#')
            {
                var space = line.IndexOf(' ');
                yield return (line[..space], line[(space + 1)..]);
            }
    }
}
