using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Regexes;

/// <summary>
/// Characters that no set of a pattern tells apart are one class: some 20 in all, so that what an automaton does at a character is one look
/// into a small table.
/// </summary>
sealed class CharacterClasses
{
    readonly byte[] basic = new byte[0x10000];      // classes of the characters of one UTF-16 unit
    readonly List<int> starts = [];                 // [runs]: where a run of one class begins, ascending
    readonly List<byte> classes = [];               // [runs]: its class
    readonly List<ulong[]> members = [];            // [classes][sets]: a bit for each set that the class is in

    /// <exception cref="RegexSyntaxException">There are more than 254 classes.</exception>
    public CharacterClasses(string pattern, List<CodePoints> sets)
    {
        var changes = new List<(int At, int Set)>();
        for (var set = 0; set < sets.Count; set++)
            foreach (var bound in sets[set].Bounds) changes.Add((bound, set));
        changes.Sort();

        var inside = new ulong[(sets.Count / 64) + 1];
        var numbers = new Dictionary<string, byte>();
        for (var i = 0; i <= changes.Count; i++)
        {
            var at = i == 0 ? 0 : changes[i - 1].At;
            if (i > 0)
            {
                var set = changes[i - 1].Set;
                inside[set / 64] ^= 1UL << (set % 64);
                if (i < changes.Count && changes[i].At == at) continue;
            }
            var key = string.Join(' ', inside);
            if (!numbers.TryGetValue(key, out var number))
            {
                if (members.Count == byte.MaxValue - 1) throw new RegexSyntaxException(pattern, pattern.Length, "more than 254 classes of characters");
                numbers.Add(key, number = (byte)members.Count);
                members.Add([.. inside]);
            }
            if (starts.Count > 0 && starts[^1] == at) (starts[^1], classes[^1]) = (at, number);
            else
            {
                starts.Add(at);
                classes.Add(number);
            }
        }
        for (var run = 0; run < starts.Count && starts[run] < basic.Length; run++)
            basic.AsSpan(starts[run]..(run + 1 < starts.Count ? Math.Min(starts[run + 1], basic.Length) : basic.Length)).Fill(classes[run]);
        // Half a pair counts as U+FFFD.
        basic.AsSpan(0xD800..0xE000).Fill(basic[0xFFFD]);
    }

    /// <summary>Number of classes; the number itself stands for the edge of the text, which is in no set.</summary>
    public int Count => members.Count;

    public bool IsIn(int number, int set) => number < Count && (members[number][set / 64] >> (set % 64) & 1) != 0;

    /// <summary>The class of the character at <paramref name="at"/> and its length in UTF-16 units.</summary>
    public int At(ReadOnlySpan<char> text, int at, out int length)
    {
        length = 1;
        var unit = text[at];
        if (!char.IsHighSurrogate(unit) || at + 1 == text.Length || !char.IsLowSurrogate(text[at + 1])) return basic[unit];
        length = 2;
        var run = starts.BinarySearch(char.ConvertToUtf32(unit, text[at + 1]));
        return classes[run >= 0 ? run : ~run - 1];
    }
}
