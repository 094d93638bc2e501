using System.Globalization;
using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Regexes;

/// <summary>The parts of a regex that mean one character: literals, escapes, classes.</summary>
sealed class RegexSetParser(string pattern)
{
    /// <summary>Classes in classes.</summary>
    const int DeepestNesting = 50;

    int depth;

    /// <summary>The set that the part at <paramref name="at"/> means, and the place after it.</summary>
    public CodePoints Atom(ref int at, bool ignoreCase)
    {
        var set = pattern[at] switch
        {
            '[' => Class(ref at),
            '\\' => Escape(ref at, inClass: false),
            _ => CodePoints.Of(Literal(ref at)),
        };
        return ignoreCase ? CaseFolding.Close(set) : set;
    }

    CodePoints Class(ref int at)
    {
        if (++depth > DeepestNesting) throw Error(at, $"more than {DeepestNesting} classes in each other");
        var start = at++;
        var negative = Take(ref at, "^");
        CodePoints set = CodePoints.None, all = CodePoints.All;
        for (var first = true; ; first = false)
        {
            if (at >= pattern.Length) throw Error(start, "a class without ']'");
            if (pattern[at] == ']' && !first) break;
            if (Take(ref at, "&&")) (all, set) = (all.And(set), CodePoints.None);
            else if (Posix(ref at) is { } posix) set = set.Or(posix);
            else if (pattern[at] == '[') set = set.Or(Class(ref at));
            else set = set.Or(Range(ref at));
        }
        at++;
        depth--;
        set = all.And(set);
        return negative ? set.Not() : set;
    }

    /// <summary>A character, an escape, or first-last.</summary>
    CodePoints Range(ref int at)
    {
        var from = at;
        var first = pattern[at] == '\\' ? Escape(ref at, inClass: true) : CodePoints.Of(Literal(ref at));
        if (at + 1 >= pattern.Length || pattern[at] != '-' || pattern[at + 1] is ']' or '[' || Single(first) is not { } low) return first;
        at++;
        var last = pattern[at] == '\\' ? Escape(ref at, inClass: true) : CodePoints.Of(Literal(ref at));
        if (Single(last) is not { } high || high < low) throw Error(from, $"'{pattern[from..at]}' is no range");
        return CodePoints.Range(low, high);
    }

    static int? Single(CodePoints set) => set.Bounds is [var first, var end] && end == first + 1 ? first : null;

    CodePoints? Posix(ref int at)
    {
        if (!pattern.AsSpan(at).StartsWith("[:") || pattern.IndexOf(":]", at, StringComparison.Ordinal) is not (>= 0 and var end)) return null;
        var set = Property(pattern[(at + 2)..end], at);
        at = end + 2;
        return set;
    }

    CodePoints Escape(ref int at, bool inClass)
    {
        if (++at == pattern.Length) throw Error(at, "ends after '\\'");
        var letter = pattern[at++];
        switch (letter)
        {
            case 's': return LibraryClasses.Space;
            case 'S': return LibraryClasses.Space.Not();
            case 'w': return LibraryClasses.Word;
            case 'W': return LibraryClasses.Word.Not();
            case 'd': return Digits;
            case 'D': return Digits.Not();
            case 'h': return CodePoints.Parse("30-39 41-46 61-66");
            case 'H': return CodePoints.Parse("30-39 41-46 61-66").Not();
            case 'p' or 'P': return Braced(ref at, letter == 'P');
            case 'n': return CodePoints.Of('\n');
            case 'r': return CodePoints.Of('\r');
            case 't': return CodePoints.Of('\t');
            case 'f': return CodePoints.Of('\f');
            case 'v': return CodePoints.Of('\v');
            case 'a': return CodePoints.Of('\a');
            case 'e': return CodePoints.Of('\e');
            case '0': return CodePoints.Of(0);
            case 'b' when inClass: return CodePoints.Of('\b');
            case 'u': return CodePoints.Of(Hexadecimal(ref at, 4));
            case 'x' when Take(ref at, "{"):
                var close = pattern.IndexOf('}', at);
                if (close < 0) throw Error(at, "'\\x{' without '}'");
                var point = Hexadecimal(ref at, close - at);
                at++;
                return CodePoints.Of(point);
            case 'x': return CodePoints.Of(Hexadecimal(ref at, 2));
            default:
                if (char.IsAsciiLetterOrDigit(letter)) throw Error(at, $"\\{letter} is not supported");
                at--;
                return CodePoints.Of(Literal(ref at));
        }
    }

    static CodePoints Digits => CodePoints.Where(category => category == UnicodeCategory.DecimalDigitNumber);

    /// <summary>{Name} or {^Name} after \p.</summary>
    CodePoints Braced(ref int at, bool negative)
    {
        var (start, end) = (at, pattern.IndexOf('}', at));
        if (start == pattern.Length || pattern[start] != '{' || end < 0) throw Error(start, "\\p without {...}");
        at = end + 1;
        var name = pattern[(start + 1)..end];
        if (name.StartsWith('^')) (name, negative) = (name[1..], !negative);
        var set = Property(name, start);
        return negative ? set.Not() : set;
    }

    CodePoints Property(string name, int at)
    {
        if (name.StartsWith('^')) return Property(name[1..], at).Not();
        var key = name.Replace("_", "").Replace(" ", "").ToUpperInvariant();
        return CharacterProperties.Find(key) ?? Scripts.Find(name) ?? throw Error(at, $"the property '{name}' is not known");
    }

    int Hexadecimal(ref int at, int digits)
    {
        if (digits is < 1 or > 8 || at + digits > pattern.Length
            || !int.TryParse(pattern.AsSpan(at, digits), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var point) || point is < 0 or > 0x10FFFF)
            throw Error(at, "no character has that number");
        at += digits;
        return point;
    }

    int Literal(ref int at)
    {
        var point = TextBuffer.PointAt(pattern, at, out var length);
        at += length;
        return point;
    }

    bool Take(ref int at, string text)
    {
        if (!pattern.AsSpan(at).StartsWith(text, StringComparison.Ordinal)) return false;
        at += text.Length;
        return true;
    }

    RegexSyntaxException Error(int at, string problem) => new(pattern, at, problem);
}
