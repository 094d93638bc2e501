using System.Text;
using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Regexes;

/// <summary>
/// Characters that (?i) takes for each other: those of one upper case, and those that fold into one (CaseFolding.txt, C and S) though they are
/// no upper or lower case of each other, such as ſ and s. Foldings of one character into several (ß, ss) are left out.
/// </summary>
static class CaseFolding
{
    // Pairs: a character, and the one whose case it shares.
    const string Others = "\u017Fs\u212Ak\u212Båςσϐβϑθϕφϖπϰκϱρϵεẛṡ\u1FBEι\u00B5μẞß\u2126ωǅǆǈǉǋǌǲǳϴθ";

    static readonly Lazy<Dictionary<int, List<int>>> Groups = new(Build);

    /// <summary>The set with every character that differs from one of its own by case only.</summary>
    public static CodePoints Close(CodePoints set)
    {
        var more = CodePoints.None;
        foreach (var (_, group) in Groups.Value)
            if (group.Exists(set.Contains))
                foreach (var point in group) more = set.Contains(point) ? more : more.Or(CodePoints.Of(point));
        return set.Or(more);
    }

    static Dictionary<int, List<int>> Build()
    {
        var lower = new Dictionary<int, int>();
        int[] others = [.. Others.EnumerateRunes().Select(rune => rune.Value)];
        for (var i = 0; i < others.Length; i += 2) lower.Add(others[i], others[i + 1]);
        var groups = new Dictionary<int, List<int>>();
        for (var point = 0; point < 0x1F000; point++)
        {
            if (!Rune.IsValid(point)) continue;
            var upper = Rune.ToUpperInvariant(new Rune(lower.GetValueOrDefault(point, point))).Value;
            if (upper != point) Add(upper, point);
        }
        return groups;

        void Add(int key, int point)
        {
            if (!groups.TryGetValue(key, out var group)) groups.Add(key, group = [key]);
            group.Add(point);
        }
    }
}
