using System.Buffers;
using System.Globalization;
using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Regexes;

/// <summary>
/// Reads the syntax of Oniguruma (its Ruby flavour, as the tokenizers library has it): ^ and $ are the ends of lines, a dot is no line
/// break unless (?m), classes nest and intersect. What a finite automaton cannot do is refused: back references, atomic groups, looking
/// back over more than one character.
/// </summary>
sealed class RegexParser
{
    /// <summary>Groups in groups.</summary>
    const int DeepestNesting = 100;

    /// <summary>The most that {n,m} may ask for.</summary>
    const int MostRepeats = 1000;

    /// <summary>Repetitions of repetitions.</summary>
    const int MostInARow = 8;

    static readonly CodePoints LineBreak = CodePoints.Of('\n');

    static readonly SearchValues<char> InBraces = SearchValues.Create("0123456789,");

    readonly string pattern;
    readonly RegexSetParser sets;
    int at, depth;
    bool ignoreCase, dotAll, extended;

    RegexParser(string pattern)
    {
        this.pattern = pattern;
        sets = new RegexSetParser(pattern);
    }

    /// <exception cref="RegexSyntaxException">The pattern is broken or not supported.</exception>
    public static RegexNode Parse(string pattern)
    {
        var parser = new RegexParser(pattern);
        var node = parser.Choice();
        return parser.at == pattern.Length ? node : throw parser.Error("a ')' without '('");
    }

    bool More => at < pattern.Length;

    RegexNode Choice()
    {
        if (++depth > DeepestNesting) throw Error($"more than {DeepestNesting} groups in each other");
        var (outerCase, outerDot, outerExtended) = (ignoreCase, dotAll, extended);
        var ways = new List<RegexNode> { Sequence() };
        while (Take("|")) ways.Add(Sequence());
        (ignoreCase, dotAll, extended) = (outerCase, outerDot, outerExtended);
        depth--;
        return ways.Count == 1 ? ways[0] : new RegexNode.Choice(ways);
    }

    RegexNode Sequence()
    {
        var parts = new List<RegexNode>();
        while (More && pattern[at] is not ('|' or ')'))
        {
            if (extended && SkipExtended()) continue;
            if (Atom() is { } atom) parts.Add(Repeated(atom));
        }
        return parts.Count == 1 ? parts[0] : new RegexNode.Sequence(parts);
    }

    bool SkipExtended()
    {
        if (pattern[at] == '#')
        {
            while (More && pattern[at] != '\n') at++;
            return true;
        }
        if (!char.IsWhiteSpace(pattern[at])) return false;
        at++;
        return true;
    }

    /// <summary>A part that can be repeated; null for options that take effect from here on, and comments.</summary>
    RegexNode? Atom()
    {
        switch (pattern[at])
        {
            case '(':
                at++;
                return Group();
            case '^':
                at++;
                return new RegexNode.Beside(LineBreak, Before: true, AtEdge: true);
            case '$':
                at++;
                return new RegexNode.Beside(LineBreak, Before: false, AtEdge: true);
            case '.':
                at++;
                return new RegexNode.One(dotAll ? CodePoints.All : LineBreak.Not());
            case '*' or '+' or '?':
                throw Error($"'{pattern[at]}' with nothing before it to repeat");
            case '\\' when Anchor() is { } anchor:
                return anchor;
            default:
                return new RegexNode.One(sets.Atom(ref at, ignoreCase));
        }
    }

    RegexNode? Anchor()
    {
        if (at + 1 == pattern.Length) throw Error("ends after '\\'");
        var letter = pattern[at + 1];
        RegexNode? node = letter switch
        {
            'A' => new RegexNode.Beside(CodePoints.None, Before: true, AtEdge: true),
            'z' => new RegexNode.Beside(CodePoints.None, Before: false, AtEdge: true),
            'Z' => new RegexNode.Ahead(
                new RegexNode.Sequence(
                [
                    new RegexNode.Repeat(new RegexNode.One(LineBreak), 0, 1, Lazy: false),
                    new RegexNode.Beside(CodePoints.None, Before: false, AtEdge: true),
                ]), Negative: false),
            'b' => Boundary(different: true),
            'B' => Boundary(different: false),
            'R' => new RegexNode.Choice(
            [
                new RegexNode.Sequence([new RegexNode.One(CodePoints.Of('\r')), new RegexNode.One(LineBreak)]),
                new RegexNode.One(CodePoints.Parse("A-D 85 2028-2029")),
            ]),
            'X' => throw Error("\\X is only supported as a pattern of its own"),
            'G' or 'K' or 'k' or 'g' or (>= '1' and <= '9') => throw Error($"\\{letter} cannot be matched in linear time and is not supported"),
            _ => null,
        };
        if (node is not null) at += 2;
        return node;
    }

    static RegexNode.Choice Boundary(bool different)
    {
        // Its table for the characters below U+0100 also has these, superscripts and fractions, in words.
        var word = LibraryClasses.Word.Or(CodePoints.Parse("B2-B3 B9 BC-BE"));
        return new(
        [
            new RegexNode.Sequence([new RegexNode.Beside(word, Before: true, AtEdge: false), After(!different)]),
            new RegexNode.Sequence([new RegexNode.Beside(word.Not(), Before: true, AtEdge: true), After(different)]),
        ]);

        RegexNode.Beside After(bool inWord) => new(inWord ? word : word.Not(), Before: false, AtEdge: !inWord);
    }

    RegexNode? Group()
    {
        if (Take("?#"))
        {
            at = pattern.IndexOf(')', at) + 1;
            return at > 0 ? null : throw Error("a comment without end");
        }
        if (Take("?=")) return Look(negative: false);
        if (Take("?!")) return Look(negative: true);
        if (Take("?<=")) return LookBack(negative: false);
        if (Take("?<!")) return LookBack(negative: true);
        if (Take("?>")) throw Error("atomic groups (?>...) are not supported");
        if (Take("?:")) return Close(Choice());
        if (Take("?<") || Take("?'") || Take("?P<"))
        {
            while (More && pattern[at] is not ('>' or '\'')) at++;
            at++;
            return Close(Choice());
        }
        return Take("?") ? Options() : Close(Choice());
    }

    /// <summary>(?i) from here to the end of the group, (?i:...) for its own.</summary>
    RegexNode? Options()
    {
        var outer = (ignoreCase, dotAll, extended);
        for (var on = true; More && pattern[at] is not (':' or ')'); at++)
            switch (pattern[at])
            {
                case '-': on = false; break;
                case 'i': ignoreCase = on; break;
                case 'm' or 's': dotAll = on; break;
                case 'x': extended = on; break;
                default: throw Error($"'(?{pattern[at]}' is not supported");
            }
        if (Take(")")) return null;
        if (!Take(":")) throw Error("options without ':' or ')'");
        var body = Close(Choice());
        (ignoreCase, dotAll, extended) = outer;
        return body;
    }

    RegexNode Look(bool negative)
    {
        var body = Close(Choice());
        return body is RegexNode.One one
            ? new RegexNode.Beside(negative ? one.Set.Not() : one.Set, Before: false, AtEdge: negative)
            : new RegexNode.Ahead(body, negative);
    }

    RegexNode.Beside LookBack(bool negative)
    {
        var body = Close(Choice());
        if (body is RegexNode.Choice choice && choice.Ways.All(way => way is RegexNode.One))
            body = new RegexNode.One(choice.Ways.Aggregate(CodePoints.None, (all, way) => all.Or(((RegexNode.One)way).Set)));
        if (body is not RegexNode.One one) throw Error("looking back is supported for single characters only");
        return new RegexNode.Beside(negative ? one.Set.Not() : one.Set, Before: true, AtEdge: negative);
    }

    RegexNode Repeated(RegexNode atom)
    {
        for (var times = 1; More && Bounds() is var (least, most, braces); times++)
        {
            if (times > MostInARow) throw Error($"more than {MostInARow} repetitions of one part");
            var lazy = Take("?");
            // After braces a plus repeats the repetition, in this syntax.
            var possessive = !lazy && !braces && Take("+");
            if (possessive && atom is not RegexNode.One) throw Error("possessive repetition is supported for single characters only");
            RegexNode repeat = new RegexNode.Repeat(atom, least, most, lazy);
            // What takes all it can get and gives nothing back is followed by none of it, unless it has all that it may take.
            if (possessive)
            {
                var end = new RegexNode.Beside(((RegexNode.One)atom).Set.Not(), Before: false, AtEdge: true);
                repeat = most == 1 ? new RegexNode.Choice([atom, end]) : new RegexNode.Sequence([repeat, end]);
            }
            atom = repeat;
        }
        return atom;
    }

    (int Least, int Most, bool Braces)? Bounds()
    {
        switch (pattern[at])
        {
            case '*': at++; return (0, int.MaxValue, false);
            case '+': at++; return (1, int.MaxValue, false);
            case '?': at++; return (0, 1, false);
            case '{': break;
            default: return null;
        }
        var (start, end) = (at, pattern.IndexOf('}', at));
        if (end < 0) return null;
        var inside = pattern.AsSpan((start + 1)..end);
        var comma = inside.IndexOf(',');
        // Braces that hold no numbers are ordinary characters.
        if (inside.IsEmpty || inside.Length == 1 && comma == 0 || inside.ContainsAnyExcept(InBraces)) return null;
        var least = Number(comma < 0 ? inside : inside[..comma], 0);
        var most = comma < 0 ? least : Number(inside[(comma + 1)..], int.MaxValue);
        if (least > most) throw Error($"{{{least},{most}}} wants more than it allows");
        at = end + 1;
        return (least, most, true);
    }

    int Number(ReadOnlySpan<char> digits, int otherwise)
    {
        if (digits.IsEmpty) return otherwise;
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= MostRepeats
            ? number
            : throw Error($"repetition {digits}; {MostRepeats} is the most");
    }

    RegexNode Close(RegexNode node) => Take(")") ? node : throw Error("a '(' without ')'");

    bool Take(string text)
    {
        if (!pattern.AsSpan(at).StartsWith(text, StringComparison.Ordinal)) return false;
        at += text.Length;
        return true;
    }

    RegexSyntaxException Error(string problem) => new(pattern, at, problem);
}
