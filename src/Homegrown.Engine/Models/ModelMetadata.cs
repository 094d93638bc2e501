using Homegrown.Engine.Formats;

namespace Homegrown.Engine.Models;

/// <summary>
/// The keys that belong to a model's architecture ("llama.block_count" is <c>block_count</c> here), and which of them were read: a
/// missing key is an error that names it, an unread one may be a feature that is not honoured and is reported.
/// </summary>
public sealed class ModelMetadata(ModelSource source, IReadOnlyDictionary<string, object>? defaults = null)
{
    readonly ModelKeys keys = source.Keys;
    readonly HashSet<string> read = new(StringComparer.Ordinal);

    /// <summary>general.architecture.</summary>
    public string Architecture { get; } = source.Architecture;

    public bool Has(string key) => Find(key) is not null;

    public string? Text(string key) => Find(key) switch { null => null, string text => text, var value => throw Wrong(key, value, "a text") };

    public bool? Flag(string key) => Find(key) switch { null => null, bool flag => flag, var value => throw Wrong(key, value, "true or false") };

    /// <summary>A flag, or what stands for it when the file has none.</summary>
    public bool Flag(string key, bool otherwise) => Flag(key) ?? otherwise;

    /// <summary>An integer, or null.</summary>
    public int? Integer(string key) => Find(key) is { } value ? Integer(key, value) : null;

    /// <summary>An integer of at least 0, or what stands for it when the file has none.</summary>
    public int Count(string key, int otherwise = 0)
        => Integer(key) is not { } value ? otherwise : value >= 0 ? value : throw Error(key, $"{value} is below 0");

    /// <summary>A count or size above 0 that must be there.</summary>
    public int Positive(string key) => Above0(key, Integer(key) ?? throw Missing(key, "a whole number above 0"));

    /// <summary>A count or size above 0, or what stands for it when the file has none.</summary>
    public int Optional(string key, Func<int> otherwise) => Has(key) ? Positive(key) : otherwise();

    /// <summary>A number that must be there.</summary>
    public float Single(string key) => (float)(Number(key) ?? throw Missing(key, "a number"));

    /// <summary>A number, or what stands for it when the file has none.</summary>
    public float Optional(string key, float otherwise) => Number(key) is { } value ? (float)value : otherwise;

    /// <summary>A number, or null.</summary>
    public double? Number(string key) => Find(key) is { } value ? Number(key, value) : null;

    /// <summary>The key has a value for each of several things.</summary>
    public bool IsArray(string key) => Find(key) is Array;

    /// <summary>A number for each of <paramref name="count"/> layers: one for all, or an array; null where the file has none.</summary>
    public int[]? Integers(string key, int count) => PerLayer(key, count, Integer, (long[] all) => Array.ConvertAll(all, one => Integer(key, one)));

    /// <inheritdoc cref="Integers"/>
    public double[]? Numbers(string key, int count) => PerLayer(key, count, Number, (double[] all) => all);

    /// <inheritdoc cref="Integers"/>
    public bool[]? Flags(string key, int count) => PerLayer(key, count, (key, value) => value as bool? ?? throw Wrong(key, value, "true or false"), (bool[] all) => all);

    /// <summary>An array of whole numbers as they are stored, or null.</summary>
    public long[]? Longs(string key) => Find(key) switch { null => null, long[] values => values, var value => throw Wrong(key, value, "an array of integers") };

    /// <summary>An array of texts, or null.</summary>
    public string[]? Texts(string key) => Find(key) switch { null => null, string[] texts => texts, var value => throw Wrong(key, value, "an array of texts") };

    /// <summary>An error about one of these keys.</summary>
    public ModelFileException Error(string key, string problem) => keys.Error(Name(key), problem);

    /// <inheritdoc cref="ModelKeys.Missing"/>
    public ModelFileException Missing(string key, string wanted) => keys.Missing(Name(key), wanted);

    /// <summary>Settings that nothing asked for, in the file's order.</summary>
    public IEnumerable<string> Unread() => keys.Unread(read, Architecture);

    T[]? PerLayer<T, TStored>(string key, int count, Func<string, object, T> one, Func<TStored[], T[]> many)
    {
        if (Find(key) is not { } value) return null;
        if (value is not Array array) return [.. Enumerable.Repeat(one(key, value), count)];
        var values = array switch
        {
            TStored[] stored => many(stored),
            bool[] flags when typeof(T) == typeof(int) => (T[])(object)Array.ConvertAll(flags, flag => flag ? 1 : 0),
            long[] integers when typeof(T) == typeof(double) => (T[])(object)Array.ConvertAll(integers, integer => (double)integer),
            _ => throw Wrong(key, value, $"an array of {typeof(T).Name}"),
        };
        return values.Length >= count ? values[..count] : throw Error(key, $"has {values.Length} values for {count} layers");
    }

    /// <summary>Some keys of GGUF stand without the architecture's name (xielu.* of Apertus).</summary>
    object? Find(string key) => keys.Find(Name(key)) ?? keys.Find(key) ?? defaults?.GetValueOrDefault(key);

    int Integer(string key, object value) => value switch
    {
        long and >= int.MinValue and <= int.MaxValue => (int)(long)value,
        long => throw Error(key, $"{value} is outside the range of Int32"),
        double number when number == Math.Floor(number) && Math.Abs(number) <= int.MaxValue => (int)number,
        _ => throw Wrong(key, value, "an integer"),
    };

    double Number(string key, object value) => value switch { long integer => integer, double number => number, _ => throw Wrong(key, value, "a number") };

    int Above0(string key, int value) => value > 0 ? value : throw Error(key, $"{value} is not above 0");

    ModelFileException Wrong(string key, object value, string wanted) => Error(key, $"is {Describe(value)}, not {wanted}");

    static string Describe(object value) => value switch
    {
        string => "a text",
        bool => "a flag",
        Array array => $"an array of {array.Length}",
        _ => $"{value}",
    };

    string Name(string key)
    {
        var name = $"{Architecture}.{key}";
        read.Add(name);
        return name;
    }
}
