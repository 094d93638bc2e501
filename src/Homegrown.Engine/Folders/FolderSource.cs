using Homegrown.Engine.Formats;
using Homegrown.Engine.Formats.Safetensors;
using Homegrown.Engine.Models;

namespace Homegrown.Engine.Folders;

/// <summary>
/// A model folder of Hugging Face or ModelScope: config.json and safetensors, read through its family's map as if it were a GGUF
/// file.
/// </summary>
public sealed class FolderSource : ModelSource
{
    // Where text models lie: alone, beside a tower that sees or hears, or without or below a head of its family.
    static readonly string[] Roots = ["model.", "model.language_model.", "language_model.model.", "model.text_model.",
        "", "bert.", "roberta.", "gte.", "new.", "mpnet.", "language_model."];

    // Parts that a text model does not need: towers of other senses.
    static readonly string[] Towers = ["visual.", "vision_tower.", "vision_model.", "audio_tower.", "multi_modal_projector.", "patch_merge_mlp.", "mm_projector.", "embed_vision.", "vit_large_projector.", "embed_audio.", "vision_encoder.", "audio_encoder."];

    readonly SafetensorsFolder folder;
    readonly FolderKeys keys;
    readonly FolderMap map;
    readonly ModelMetadata metadata;
    readonly string root;
    readonly Dictionary<string, ModelTensor?> found = new(StringComparer.Ordinal);     // keeps what was made of them alive

    FolderSource(string path, SafetensorsFolder folder, FolderConfig config, string architecture, FolderMap map)
    {
        (Path, this.folder, Architecture, this.map) = (path, folder, architecture, map);
        keys = new FolderKeys(config, map, architecture);
        metadata = new ModelMetadata(this);
        var table = map.Names.Find("token_embd.weight")?.Module ?? throw Missing("token_embd.weight");
        root = Roots.FirstOrDefault(candidate => folder.Has(Rooted(table, candidate)), Roots[0]);
    }

    /// <summary>Opens a folder whose architecture this build has.</summary>
    /// <param name="exact">As <see cref="SafetensorsFolder.Open"/>.</param>
    /// <exception cref="ModelFileException">No model folder, an unknown architecture, or files that are not what they say.</exception>
    public static FolderSource Open(string path, bool exact = true)
    {
        path = System.IO.Path.GetFullPath(path);
        var config = FolderConfig.Open(path);
        var (architecture, map) = ModelCatalog.Find(config);
        var folder = SafetensorsFolder.Open(path, exact);
        try
        {
            return new(path, folder, config, architecture.Id, map);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    public override string Path { get; }

    public override long Bytes => folder.Bytes;

    public override string Architecture { get; }

    public override ModelKeys Keys => keys;

    public override IEnumerable<string> Unused => folder.Unused.Where(name => !Towers.Any(tower => name.Contains(tower, StringComparison.Ordinal)) && !PredictsFurther(name));

    public override string? ChatTemplate => FolderTemplate.Find(Path);

    public override ModelTensor? Tensor(string name)
    {
        if (!found.TryGetValue(name, out var tensor)) found[name] = tensor = Find(name);
        return tensor;
    }

    ModelTensor? Find(string name)
    {
        if (map.Names.Find(name) is not { } rule) return null;
        foreach (var module in rule.Module.Split('|'))
            if (Stored(Rooted(module, root)) is { } stored) return rule.Shaped is null ? stored : rule.Shaped(stored, metadata);
        return null;
    }

    public override ModelFileException Missing(string name, params ReadOnlySpan<long> shape)
    {
        string[] stored = map.Names.Find(name) is { } rule ? [.. rule.Module.Split('|').Select(module => Rooted(module, root ?? Roots[0]))] : [name];
        return new(Path, $"tensor {string.Join(" or ", stored)}", null, Missed(stored[0], shape, folder.Names));
    }

    public override void Dispose()
    {
        foreach (var tensor in found.Values) tensor?.Release();
        folder.Dispose();
    }

    /// <summary>Layers that predict further tokens (DeepSeek-V3, arXiv 2412.19437 §2.2): they come after the last one, or by themselves.</summary>
    bool PredictsFurther(string name)
        => name.StartsWith("mtp.", StringComparison.Ordinal) || name.StartsWith($"{root}mtp.", StringComparison.Ordinal) || name.StartsWith($"{root}mtp_layers.", StringComparison.Ordinal)
            || (name.StartsWith($"{root}layers.", StringComparison.Ordinal) && int.TryParse(name[$"{root}layers.".Length..].Split('.')[0], out var layer) && layer >= metadata.Positive("block_count"));

    ModelTensor? Stored(string module)
        => module.Contains("{e}", StringComparison.Ordinal) ? Parts(module, "{e}") is { Count: > 0 } experts ? StackedTensor.Of(module, experts) : null
            : module.Contains("{r}", StringComparison.Ordinal) ? Parts(module, "{r}") is { Count: > 0 } rows ? StackedTensor.Below(module, rows) : null
            : folder.Matrix(module);

    /// <summary>Tensors of one name but for its number, from 0 on.</summary>
    List<ModelTensor> Parts(string module, string number)
    {
        var parts = new List<ModelTensor>();
        while (folder.Matrix(module.Replace(number, $"{parts.Count}", StringComparison.Ordinal)) is { } part) parts.Add(part);
        return parts;
    }

    static string Rooted(string module, string root)
        => module.StartsWith(Roots[0], StringComparison.Ordinal) ? root + module[Roots[0].Length..]
            : module == "lm_head" && root == "language_model.model." ? "language_model.lm_head"
            : module;
}
