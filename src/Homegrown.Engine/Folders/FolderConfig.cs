using System.Globalization;
using System.Text.Json;
using Homegrown.Engine.Formats;

namespace Homegrown.Engine.Folders;

/// <summary>
/// config.json of a model folder: its settings by path ("rope_parameters.rope_theta"), in the nested text_config where the folder is
/// of a model that also sees or hears. Notes what was asked for.
/// </summary>
public sealed class FolderConfig
{
    const int MostBytes = 64 << 20;

    // Settings of training, of other programs and of whole folders, which change nothing of a forward pass; those of tokens, which
    // the tokenizer reads from other files; and those that the tensors show by being there (biases, a head of its own).
    static readonly HashSet<string> Idle = new(StringComparer.Ordinal)
    {
        "architectures", "attention_bias", "attention_dropout", "auto_map", "bias", "bos_token_id", "dtype", "embd_pdrop", "eos_token_id", "hidden_dropout", "initializer_range", "mlp_bias",
        "model_type", "num_nextn_predict_layers", "output_router_logits", "pad_token_id", "pretraining_tp", "qkv_bias", "quantization_config", "resid_pdrop", "router_aux_loss_coef", "sep_token_id", "text_config",
        "tie_word_embeddings", "torch_dtype", "transformers_version", "use_bias", "use_cache", "use_qkv_bias", "vision_config",
    };

    readonly HashSet<string> read = new(StringComparer.Ordinal);
    readonly JsonElement whole, text;

    FolderConfig(string file, JsonElement whole)
    {
        (File, this.whole) = (file, whole);
        text = whole.TryGetProperty("text_config", out var nested) && nested.ValueKind == JsonValueKind.Object ? nested : whole;
    }

    /// <summary>The file's path.</summary>
    public string File { get; }

    /// <summary>model_type of the text model, or of the whole where its text says nothing.</summary>
    public string ModelType => Text("model_type") ?? (whole.TryGetProperty("model_type", out var type) ? type.GetString() : null) ?? throw Error("model_type", "is missing");

    /// <summary>model_type of the whole folder, which differs where a text model is nested.</summary>
    public string WholeType => whole.TryGetProperty("model_type", out var type) && type.GetString() is { } name ? name : ModelType;

    /// <summary>Reads config.json of a folder.</summary>
    /// <exception cref="ModelFileException">It is missing, no JSON object, or too large.</exception>
    public static FolderConfig Open(string folder)
    {
        var path = Path.Combine(folder, "config.json");
        if (!System.IO.File.Exists(path)) throw new ModelFileException(folder, "config.json", null, "is missing: this is no model folder");
        return new(path, FolderJson.Read(path, MostBytes));
    }

    /// <summary>The setting is there and not null.</summary>
    public bool Has(string path) => Element(path) is not null;

    /// <summary>A setting of the top is there, be it null.</summary>
    public bool Mentions(string name) => text.TryGetProperty(name, out _);

    /// <summary>A long, double, bool or string, or an array of one of these; null where it is absent, null or an object.</summary>
    public object? Find(string path) => Element(path) is { } element ? Value(path, element) : null;

    public string? Text(string path) => Find(path) as string;

    public long? Integer(string path) => Find(path) switch { long value => value, double value when value == Math.Floor(value) => (long)value, _ => null };

    public double? Number(string path) => Find(path) switch { long value => value, double value => value, _ => null };

    public bool? Flag(string path) => Find(path) as bool?;

    /// <summary>All settings at the top.</summary>
    public IEnumerable<string> Names => text.EnumerateObject().Select(property => property.Name);

    /// <summary>Settings at the top that nobody asked for, but for those that are known to change nothing of a forward pass.</summary>
    /// <param name="idle">The family's own of these.</param>
    public IEnumerable<string> Unread(IReadOnlyList<string> idle) => Names.Where(name => !read.Contains(name) && !Idle.Contains(name) && !idle.Contains(name) && !name.StartsWith('_'));

    /// <summary>An error about a setting.</summary>
    public ModelFileException Error(string path, string problem) => new(File, path, null, problem);

    JsonElement? Element(string path)
    {
        var element = text;
        var first = true;
        foreach (var name in path.Split('.'))
        {
            if (first) read.Add(name);
            first = false;
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element) || element.ValueKind == JsonValueKind.Null) return null;
        }

        return element;
    }

    object? Value(string path, JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.True or JsonValueKind.False => element.GetBoolean(),
        JsonValueKind.Number => element.TryGetInt64(out var integer) ? (object)integer : element.GetDouble(),
        JsonValueKind.Array => Values(path, [.. element.EnumerateArray()]),
        JsonValueKind.Object => Wrapped(element),
        _ => null,
    };

    /// <summary>A number that JSON has no literal for, as Hugging Face's library writes it: {"__float__": "Infinity"}; null for other objects.</summary>
    static double? Wrapped(JsonElement element)
        => element.TryGetProperty("__float__", out var name) && name.ValueKind == JsonValueKind.String && double.TryParse(name.GetString(), CultureInfo.InvariantCulture, out var value) ? value : null;

    object Values(string path, JsonElement[] elements)
    {
        var values = Array.ConvertAll(elements, element => Value(path, element));
        if (values.All(value => value is long)) return Array.ConvertAll(values, value => (long)value!);
        if (values.All(value => value is long or double)) return Array.ConvertAll(values, Convert.ToDouble);
        if (values.Any(value => value is long or double) && values.All(value => value is long or double or null)) return Array.ConvertAll(values, Convert.ToDouble);    // null: 0
        if (values.All(value => value is bool)) return Array.ConvertAll(values, value => (bool)value!);
        if (values.All(value => value is string)) return Array.ConvertAll(values, value => (string)value!);
        return values.All(value => value is Array or null) ? values : throw Error(path, "is an array of different things");
    }
}
