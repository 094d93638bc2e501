using System.Text.RegularExpressions;

namespace Homegrown.Cli;

/// <summary>A model that can be called by its name.</summary>
/// <param name="Path">The file, the first of a split model.</param>
/// <param name="Bytes">Of all its files.</param>
sealed record InstalledModel(string Name, string Path, long Bytes, bool Embedded);

/// <summary>
/// Models by name: the GGUF files under one folder (HOMEGROWN_MODELS, else ~/.homegrown/models) and the embedded default.
/// A name is the file's name without extension; case does not matter.
/// </summary>
sealed partial class ModelStore(string folder, string? embedded)
{
    /// <summary>The short name of the embedded default.</summary>
    public const string DefaultName = "smollm2-135m";

    const string DefaultFile = "SmolLM2-135M-Instruct.Q4_1.gguf";

    public string Folder { get; } = folder;

    public static ModelStore Of(Terminal terminal) => new(
        terminal.Variable("HOMEGROWN_MODELS") is { Length: > 0 } folder
            ? folder
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".homegrown", "models"),
        FindEmbedded(AppContext.BaseDirectory));

    public IReadOnlyList<InstalledModel> List()
    {
        var models = new List<InstalledModel>();
        if (embedded is not null) models.Add(new(DefaultName, embedded, new FileInfo(embedded).Length, Embedded: true));
        if (!Directory.Exists(Folder)) return models;
        var everywhere = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, MatchCasing = MatchCasing.CaseInsensitive };
        var files = new DirectoryInfo(Folder).EnumerateFiles("*.gguf", everywhere).OrderBy(file => file.FullName, StringComparer.Ordinal);
        foreach (var parts in files.GroupBy(file => NameOf(file.Name), StringComparer.OrdinalIgnoreCase))
            models.Add(new(parts.Key, parts.First().FullName, parts.Sum(part => part.Length), Embedded: false));
        return models;
    }

    /// <summary>The file or folder that a MODEL argument means: a path, an installed name, or the embedded default where it is null.</summary>
    /// <exception cref="UsageException">There is none; the message lists those that are there.</exception>
    public string Resolve(string? model)
        => model is null
            ? embedded ?? throw new UsageException($"the embedded model ({DefaultFile}) is not in a models folder above the program; name a model file.")
            : Find(model) ?? throw Unknown(model);

    /// <summary>As <see cref="Resolve"/>, or null where there is no such model.</summary>
    public string? Find(string model)
    {
        if (File.Exists(model) || File.Exists(Path.Combine(model, "config.json"))) return Path.GetFullPath(model);
        if (embedded is not null && model.Equals(NameOf(DefaultFile), StringComparison.OrdinalIgnoreCase)) return embedded;
        return List().FirstOrDefault(known => known.Name.Equals(NameOf(model), StringComparison.OrdinalIgnoreCase))?.Path;
    }

    UsageException Unknown(string model)
    {
        var names = List().Select(known => known.Name).ToList();
        var guess = Nearest.To(model, names) is { } near ? $" Did you mean '{near}'?" : "";
        var all = names.Count == 0 ? "none" : string.Join(", ", names);
        return new UsageException($"no model '{model}': neither a file, nor a folder with a config.json, nor a name in {Folder}.{guess} There is: {all}.");
    }

    static string NameOf(string file)
    {
        var name = file.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? file[..^5] : file;
        return SplitSuffix().Replace(name, "");
    }

    /// <summary>The default lies in "models" beside the program, or in a checkout around it.</summary>
    static string? FindEmbedded(string? folder)
    {
        for (; folder is not null; folder = Path.GetDirectoryName(folder))
            if (Path.Combine(folder, "models", DefaultFile) is var file && File.Exists(file)) return file;
        return null;
    }

    [GeneratedRegex(@"-\d{5}-of-\d{5}$", RegexOptions.CultureInvariant)]
    private static partial Regex SplitSuffix();
}
