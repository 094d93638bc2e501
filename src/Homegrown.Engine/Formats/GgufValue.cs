using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using Homegrown.Kernels.Memory;

namespace Homegrown.Engine.Formats;

/// <summary>
/// A value of a GGUF file's metadata: where it is and what type it has. It is decoded when asked for, straight from the file, which
/// must still be open. Every getter fails with a <see cref="ModelFileException"/> that names the key where the type is another.
/// </summary>
public sealed class GgufValue
{
    readonly MappedFile file;
    readonly long first, end;   // of the elements of an array, otherwise of the value itself

    internal GgufValue(MappedFile file, string name, GgufType type, GgufType elementType, long offset, long first, long count, long end)
    {
        this.file = file;
        this.first = first;
        this.end = end;
        (Name, Type, ElementType, Offset, Count) = (name, type, elementType, offset, count);
    }

    /// <summary>The key.</summary>
    public string Name { get; }

    public GgufType Type { get; }

    /// <summary>Type of an array's elements; of any other value its own type.</summary>
    public GgufType ElementType { get; }

    /// <summary>Bytes from the start of the file to the value.</summary>
    public long Offset { get; }

    /// <summary>Elements of an array; of any other value 1.</summary>
    public long Count { get; }

    /// <summary>u32, f32, str, or for arrays arr[str].</summary>
    public string TypeName => Type == GgufType.Array ? $"arr[{GgufTypes.Name(ElementType)}]" : GgufTypes.Name(Type);

    /// <summary>The value as it lies in the file, with the element type and count of an array.</summary>
    internal ReadOnlySpan<byte> Raw => file.Span(Offset, (int)(end - Offset));

    /// <summary>The bytes of a string, as they are in the file.</summary>
    public ReadOnlySpan<byte> Utf8
    {
        get
        {
            Expect(Type == GgufType.String, "a string");
            return new GgufCursor(file, first).Text(Name);
        }
    }

    /// <summary>The strings of an array as bytes, in order: tokens need not be valid UTF-8.</summary>
    public GgufStrings Utf8Strings
    {
        get
        {
            Expect(Type == GgufType.Array && ElementType == GgufType.String, "an array of strings");
            return new GgufStrings(new GgufCursor(file, first), Name, Count);
        }
    }

    /// <summary>A string; bytes that are not valid UTF-8 become U+FFFD.</summary>
    public string AsString() => Encoding.UTF8.GetString(Utf8);

    /// <summary>A bool.</summary>
    public bool AsBoolean()
    {
        Expect(Type == GgufType.Bool, "a bool");
        return file.Span(first, 1)[0] != 0;
    }

    /// <summary>An integer of any width whose value fits.</summary>
    public int AsInt32() => AsInteger<int>();

    /// <inheritdoc cref="AsInt32"/>
    public long AsInt64() => AsInteger<long>();

    /// <inheritdoc cref="AsInt32"/>
    public ulong AsUInt64() => AsInteger<ulong>();

    /// <summary>A floating-point number or an integer.</summary>
    public double AsDouble()
    {
        Expect(Type is GgufType.Float32 or GgufType.Float64 || IsInteger(Type), "a number");
        return Type switch
        {
            GgufType.Float32 => Read<float>(),
            GgufType.Float64 => Read<double>(),
            _ => (double)Integer(0),
        };
    }

    /// <inheritdoc cref="AsDouble"/>
    public float AsSingle() => (float)AsDouble();

    /// <summary>An array of strings, each as <see cref="AsString"/> has it.</summary>
    public string[] AsStrings()
    {
        var strings = new string[ArrayLength(GgufType.String, "an array of strings")];
        var i = 0;
        foreach (var bytes in Utf8Strings) strings[i++] = Encoding.UTF8.GetString(bytes);
        return strings;
    }

    /// <summary>An array of float32.</summary>
    public float[] AsFloats()
    {
        var values = new float[ArrayLength(GgufType.Float32, "an array of f32")];
        file.Span(first, values.Length * sizeof(float)).CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>An array of integers of any width, or of bools, whose values fit.</summary>
    public int[] AsInts()
    {
        Expect(Type == GgufType.Array && (IsInteger(ElementType) || ElementType == GgufType.Bool), "an array of integers");
        var values = new int[ArrayLength(ElementType, "an array of integers")];
        if (ElementType == GgufType.Int32)
            file.Span(first, values.Length * sizeof(int)).CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
        else
            for (var i = 0; i < values.Length; i++) values[i] = InRange<int>(i);
        return values;
    }

    /// <summary>The elements of an array as values of their own: for arrays in arrays, and for showing. One object each.</summary>
    public IEnumerable<GgufValue> Elements()
    {
        Expect(Type == GgufType.Array, "an array");
        var cursor = new GgufCursor(file, first);
        for (var i = 0L; i < Count; i++) yield return cursor.Value(Name, ElementType);
    }

    /// <summary>The value as one line of at most about <paramref name="maxChars"/> characters, for showing.</summary>
    public string Preview(int maxChars = 60)
    {
        if (Type == GgufType.String) return $"\"{OneLine(maxChars)}\"";
        if (Type != GgufType.Array) return Scalar();
        var text = new StringBuilder("[");
        var shown = 0L;
        foreach (var element in Elements())
        {
            if (text.Length >= maxChars) break;
            if (shown++ > 0) text.Append(", ");
            text.Append(element.Preview(maxChars - text.Length));
        }

        return text.Append(shown < Count ? $", ... {Count} in all]" : "]").ToString();
    }

    string Scalar() => Type switch
    {
        GgufType.Bool => AsBoolean() ? "true" : "false",
        GgufType.Float32 => AsSingle().ToString(CultureInfo.InvariantCulture),
        GgufType.Float64 => AsDouble().ToString(CultureInfo.InvariantCulture),
        _ => Integer(0).ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>The beginning of a string, with control characters escaped: a file must not drive the terminal.</summary>
    string OneLine(int maxChars)
    {
        var bytes = Utf8;
        var most = Math.Max(maxChars, 1) * 4L;   // bytes that so many characters can take
        var start = Encoding.UTF8.GetString(bytes[..(int)Math.Min(bytes.Length, most)]);
        var text = new StringBuilder();
        foreach (var c in start)
        {
            if (text.Length >= maxChars) return text.Append("...").ToString();
            text.Append(c switch { '\n' => "\\n", '\r' => "\\r", '\t' => "\\t", _ => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString() });
        }

        return text.ToString();
    }

    T AsInteger<T>()
        where T : IBinaryInteger<T>
    {
        Expect(IsInteger(Type), "an integer");
        return InRange<T>(0);
    }

    T InRange<T>(int i)
        where T : IBinaryInteger<T>
    {
        var value = Integer(i);
        return T.CreateSaturating(value) is var result && Int128.CreateChecked(result) == value
            ? result
            : throw Error($"{value} is outside the range of {typeof(T).Name}");
    }

    Int128 Integer(int i) => ElementType switch
    {
        GgufType.UInt8 or GgufType.Bool => Read<byte>(i),
        GgufType.Int8 => Read<sbyte>(i),
        GgufType.UInt16 => Read<ushort>(i),
        GgufType.Int16 => Read<short>(i),
        GgufType.UInt32 => Read<uint>(i),
        GgufType.Int32 => Read<int>(i),
        GgufType.UInt64 => Read<ulong>(i),
        _ => Read<long>(i),
    };

    T Read<T>(int i = 0)
        where T : unmanaged
    {
        var size = GgufTypes.MinBytes(ElementType);
        return MemoryMarshal.Read<T>(file.Span(first + ((long)i * size), size));
    }

    int ArrayLength(GgufType elementType, string wanted)
    {
        Expect(Type == GgufType.Array && ElementType == elementType, wanted);
        return Count <= int.MaxValue / GgufTypes.MinBytes(elementType) ? (int)Count : throw Error($"{Count} elements are more than an array holds");
    }

    void Expect(bool holds, string wanted)
    {
        if (!holds) throw Error($"is {TypeName}, not {wanted}");
    }

    internal ModelFileException Error(string problem) => new GgufCursor(file).Error(Name, Offset, problem);

    static bool IsInteger(GgufType type)
        => type is not (GgufType.Float32 or GgufType.Float64 or GgufType.Bool or GgufType.String or GgufType.Array);
}
