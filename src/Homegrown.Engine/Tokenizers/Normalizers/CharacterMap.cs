using System.Buffers.Binary;
using System.Text;
using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Normalizers;

/// <summary>
/// The rules of sentencepiece's normaliser, compiled (precompiled_charsmap): a double array (Aoe 1989, as Darts-clone lays it out) from
/// UTF-8 to a place in a list of texts that end with a zero.
/// </summary>
sealed class CharacterMap
{
    readonly uint[] units;
    readonly byte[] texts;

    /// <param name="blob">4 bytes: the size of the double array; the array, 4 bytes a unit; the texts.</param>
    /// <exception cref="FormatException">The sizes do not fit.</exception>
    public CharacterMap(ReadOnlySpan<byte> blob)
    {
        var size = blob.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(blob);
        if (size == 0 || size % 4 != 0 || size > blob.Length - 4) throw new FormatException($"a double array of {size} bytes in {blob.Length}");
        units = new uint[size / 4];
        for (var i = 0; i < units.Length; i++) units[i] = BinaryPrimitives.ReadUInt32LittleEndian(blob[(4 + (4 * i))..]);
        texts = blob[(4 + (int)size)..].ToArray();
    }

    /// <summary>Length of a rule's left side at the beginning of some UTF-8, or 0.</summary>
    /// <param name="longest">Of several the longest, else the shortest.</param>
    /// <param name="place">Where its right side stands.</param>
    public int Match(ReadOnlySpan<byte> key, bool longest, out int place)
    {
        var (length, unit) = (0, units[0]);
        place = -1;
        var node = Offset(unit);
        for (var i = 0; i < key.Length && key[i] != 0; i++)
        {
            node ^= key[i];
            if (node >= units.Length) break;
            unit = units[node];
            // Label of a unit: its lowest byte; the sign says that it is a value and no label.
            if ((unit & 0x800000FF) != key[i]) break;
            node ^= Offset(unit);
            if ((unit >> 8 & 1) == 0 || node >= units.Length) continue;
            (length, place) = (i + 1, (int)(units[node] & 0x7FFFFFFF));
            if (!longest) break;
        }
        return length;
    }

    public void AppendText(int place, TextBuffer to)
    {
        var bytes = Text(place);
        var count = Encoding.UTF8.GetCharCount(bytes);
        Encoding.UTF8.GetChars(bytes, to.Add(count));
    }

    public ReadOnlySpan<byte> Text(int place)
    {
        if (place >= texts.Length) return default;
        var text = texts.AsSpan(place);
        var end = text.IndexOf((byte)0);
        return end < 0 ? text : text[..end];
    }

    static uint Offset(uint unit) => unchecked(unit >> 10 << (int)((unit & 0x200) >> 6));
}
