namespace Homegrown.Engine.Formats;

/// <summary>Types of metadata values; the numbers are those of a GGUF file.</summary>
public enum GgufType
{
    UInt8 = 0,
    Int8 = 1,
    UInt16 = 2,
    Int16 = 3,
    UInt32 = 4,
    Int32 = 5,
    Float32 = 6,
    Bool = 7,
    String = 8,
    Array = 9,
    UInt64 = 10,
    Int64 = 11,
    Float64 = 12,
}

static class GgufTypes
{
    /// <summary>Bytes of a value; of strings and arrays the least that one can have: its length, or its type and count.</summary>
    internal static int MinBytes(GgufType type) => type switch
    {
        GgufType.UInt8 or GgufType.Int8 or GgufType.Bool => 1,
        GgufType.UInt16 or GgufType.Int16 => 2,
        GgufType.UInt32 or GgufType.Int32 or GgufType.Float32 => 4,
        GgufType.Array => 12,
        _ => 8,
    };

    /// <summary>The short name that tools print: u32, f32, str.</summary>
    internal static string Name(GgufType type) => type switch
    {
        GgufType.UInt8 => "u8",
        GgufType.Int8 => "i8",
        GgufType.UInt16 => "u16",
        GgufType.Int16 => "i16",
        GgufType.UInt32 => "u32",
        GgufType.Int32 => "i32",
        GgufType.UInt64 => "u64",
        GgufType.Int64 => "i64",
        GgufType.Float32 => "f32",
        GgufType.Float64 => "f64",
        GgufType.Bool => "bool",
        GgufType.String => "str",
        _ => "arr",
    };
}
