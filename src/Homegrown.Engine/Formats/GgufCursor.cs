using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Homegrown.Kernels.Memory;

namespace Homegrown.Engine.Formats;

/// <summary>
/// Reads a mapped GGUF file front to back. Every length and count is held against the bytes that remain before anything is done
/// with it, so that a lie costs nothing.
/// </summary>
sealed class GgufCursor(MappedFile file, long position = 0)
{
    const string Damaged = "the file is truncated or damaged, fetch it again";
    const int MaxDepth = 8;   // of arrays in arrays; files in use have one level
    const int ShownChars = 100;
    static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    internal long Position { get; private set; } = position;

    internal long Remaining => file.Length - Position;

    internal ModelFileException Error(string field, long offset, string problem)
        => new(file.Path, field.Length <= ShownChars ? field : $"{field[..ShownChars]}...", offset, problem);

    internal T Read<T>(string field)
        where T : unmanaged
        => MemoryMarshal.Read<T>(Take(field, Unsafe.SizeOf<T>()));

    /// <summary>A count of things that have at least <paramref name="minBytes"/> bytes each.</summary>
    internal long Count(string field, int minBytes)
    {
        var offset = Position;
        var count = Read<ulong>(field);
        if (count > (ulong)(Remaining / minBytes))
            throw Error(field, offset, $"{count} x at least {minBytes} bytes do not fit into the {Remaining} bytes that remain: {Damaged}");
        return (long)count;
    }

    /// <summary>A name: strict UTF-8 without control characters, for it is shown and compared.</summary>
    internal string Name(string field, int maxBytes)
    {
        var offset = Position;
        var length = Count(field, 1);
        if (length is 0 || length > maxBytes) throw Error(field, offset, $"a name has 1 to {maxBytes} bytes, not {length}");
        try
        {
            var name = Strict.GetString(Take(field, (int)length));
            return name.Any(char.IsControl) ? throw Error(field, offset, "the name has control characters") : name;
        }
        catch (DecoderFallbackException)
        {
            throw Error(field, offset, "the name is not valid UTF-8");
        }
    }

    /// <summary>The bytes of a string, which need not be valid UTF-8: tokens are pieces of text.</summary>
    internal ReadOnlySpan<byte> Text(string field)
    {
        var offset = Position;
        var length = Count(field, 1);
        return length <= int.MaxValue ? Take(field, (int)length) : throw Error(field, offset, $"a string of {length} bytes");
    }

    internal GgufType Type(string field)
    {
        var offset = Position;
        var type = Read<uint>(field);
        return type <= (uint)GgufType.Float64 ? (GgufType)type : throw Error(field, offset, $"unknown value type {type}");
    }

    /// <summary>Checks a value of <paramref name="type"/> to its end, and remembers where it is.</summary>
    internal GgufValue Value(string name, GgufType type, int depth = 0)
    {
        var (offset, count, elementType) = (Position, 1L, type);
        if (type == GgufType.Array)
        {
            if (depth == MaxDepth) throw Error(name, offset, $"arrays are nested more than {MaxDepth} deep");
            elementType = Type(name);
            count = Count(name, GgufTypes.MinBytes(elementType));
        }

        var first = Position;
        SkipElements(name, elementType, count, depth);
        return new GgufValue(file, name, type, elementType, offset, first, count, Position);
    }

    void SkipElements(string name, GgufType type, long count, int depth)
    {
        switch (type)
        {
            case GgufType.String:
                for (var i = 0L; i < count; i++) _ = Text(name);
                break;
            case GgufType.Array:
                for (var i = 0L; i < count; i++) _ = Value(name, type, depth + 1);
                break;
            case GgufType.Bool:
                for (var i = 0L; i < count; i++)
                    if (Read<byte>(name) is var value and > 1) throw Error(name, Position - 1, $"a bool is 0 or 1, not {value}");
                break;
            default:
                Require(name, count * GgufTypes.MinBytes(type));
                Position += count * GgufTypes.MinBytes(type);
                break;
        }
    }

    ReadOnlySpan<byte> Take(string field, int bytes)
    {
        Require(field, bytes);
        var span = file.Span(Position, bytes);
        Position += bytes;
        return span;
    }

    void Require(string field, long bytes)
    {
        if (bytes > Remaining) throw Error(field, Position, $"{bytes} bytes needed, {Remaining} remain: {Damaged}");
    }
}
