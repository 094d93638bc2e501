using System.Buffers;
using System.Text;

namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// How byte-level BPE spells bytes (GPT-2, Radford et al. 2019, encoder.py): the printable ones of Latin-1 stand for themselves, the
/// other 68 are U+0100 and on, in order; a space is Ġ.
/// </summary>
static class ByteAlphabet
{
    static readonly char[] Letters = BuildLetters(); // [256]
    static readonly short[] Values = BuildValues();  // [0x144]: the byte of a letter, or -1

    public static char Letter(byte value) => Letters[value];

    /// <summary>Writes the bytes that a piece spells; one with any other character stands for its own UTF-8.</summary>
    public static void Spell(string piece, IBufferWriter<byte> to)
    {
        foreach (var letter in piece)
            if (letter >= Values.Length || Values[letter] < 0)
            {
                Encoding.UTF8.GetBytes(piece, to);
                return;
            }
        var bytes = to.GetSpan(piece.Length);
        for (var i = 0; i < piece.Length; i++) bytes[i] = (byte)Values[piece[i]];
        to.Advance(piece.Length);
    }

    static char[] BuildLetters()
    {
        var letters = new char[256];
        var others = '\u0100';
        for (var value = 0; value < 256; value++)
            letters[value] = value is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)value : others++;
        return letters;
    }

    static short[] BuildValues()
    {
        var values = new short[Letters.Max() + 1];
        Array.Fill<short>(values, -1);
        for (var value = 0; value < 256; value++) values[Letters[value]] = (short)value;
        return values;
    }
}
