using System.Globalization;

namespace Homegrown.Engine.Tokenizers.Unicode;

/// <summary>
/// What characters are made of, and what makes characters (Unicode 9, as the tokenizers library has it; Hangul by The Unicode Standard
/// 3.12): the runtime has no normal forms where globalization is invariant, and newer ones elsewhere.
/// </summary>
sealed class Decompositions
{
    const int Syllables = 0xAC00, SyllablesEnd = 0xD7A4, Leading = 0x1100, Vowels = 0x1161, Trailing = 0x11A7;
    const int LeadingCount = 19, VowelCount = 21, TrailingCount = 28;

    static readonly Lazy<Decompositions> Table = new(() => new());

    readonly Dictionary<int, int[]> canonical = [], compatible = [];
    readonly Dictionary<(int, int), int> compositions = [];
    readonly Dictionary<int, byte> classes = [];

    Decompositions()
    {
        foreach (var (key, value) in Resources.Read("decompositions.txt"))
        {
            if (key[0] == '@')
            {
                var bounds = CodePoints.Parse(value).Bounds;
                for (var i = 0; i < bounds.Length; i += 2)
                    for (var mark = bounds[i]; mark < bounds[i + 1]; mark++) classes[mark] = byte.Parse(key.AsSpan(1), CultureInfo.InvariantCulture);
                continue;
            }
            var point = int.Parse(key.AsSpan().TrimEnd("!~"), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            int[] parts = [.. value.Split(' ').Select(part => int.Parse(part, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
            (key[^1] == '~' ? compatible : canonical).Add(point, parts);
            if (key[^1] is not ('!' or '~')) compositions.Add((parts[0], parts[1]), point);
        }
    }

    public static Decompositions Shared => Table.Value;

    /// <summary>The canonical combining class; 0 for what is no mark.</summary>
    public byte Class(int point) => point < 0x300 ? (byte)0 : classes.GetValueOrDefault(point);

    /// <summary>Appends what a character is made of, down to the last.</summary>
    /// <param name="byCompatibility">Also where a part of the meaning is lost: ligatures, widths, superscripts.</param>
    public void Append(int point, bool byCompatibility, List<int> to)
    {
        if (point is >= Syllables and < SyllablesEnd)
        {
            var (pair, tail) = Math.DivRem(point - Syllables, TrailingCount);
            to.Add(Leading + (pair / VowelCount));
            to.Add(Vowels + (pair % VowelCount));
            if (tail != 0) to.Add(Trailing + tail);
        }
        else if (point >= 0xA0 && (canonical.TryGetValue(point, out var parts) || (byCompatibility && compatible.TryGetValue(point, out parts))))
            foreach (var part in parts) Append(part, byCompatibility, to);
        else to.Add(point);
    }

    /// <summary>The character that two make, or -1.</summary>
    public int Compose(int first, int second)
    {
        if (first is >= Leading and < Leading + LeadingCount && second is >= Vowels and < Vowels + VowelCount)
            return Syllables + ((((first - Leading) * VowelCount) + second - Vowels) * TrailingCount);
        if (first is >= Syllables and < SyllablesEnd && (first - Syllables) % TrailingCount == 0 && second is > Trailing and < Trailing + TrailingCount)
            return first + second - Trailing;
        return compositions.GetValueOrDefault((first, second), -1);
    }
}
