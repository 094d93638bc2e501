using System.Globalization;
using System.Text;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>The methods of Python's str (Library Reference, "String Methods"), but for those that make bytes or translation tables.</summary>
static class TextMethods
{
    public static readonly FunctionTable Table = new()
    {
        { "capitalize", "self", call => Casing.Capitalize(Self(call)) },
        { "casefold", "self", call => Casing.Lower(Self(call)) },
        { "center", "self width fillchar?", call => Pad(call, centered: true, 0) },
        { "count", "self sub start? end?", call => (long)Occurrences(call) },
        { "endswith", "self suffix start? end?", call => Affix(call, (text, affix) => text.EndsWith(affix, StringComparison.Ordinal)) },
        { "expandtabs", "self tabsize?", ExpandTabs },
        { "find", "self sub start? end?", call => Find(call, isLast: false) },
        { "format", "self *", call => StringFormat.Format(Self(call), call.Rest, call.Named) },
        { "format_map", "self mapping", call => StringFormat.Format(Self(call), [], Names(call[1])) },
        { "index", "self sub start? end?", call => Found(Find(call, isLast: false)) },
        { "isalnum", "self", call => All(call, rune => Rune.IsLetter(rune) || Rune.IsNumber(rune)) },
        { "isalpha", "self", call => All(call, Rune.IsLetter) },
        { "isascii", "self", call => Self(call).Value.All(char.IsAscii) },
        { "isdecimal", "self", call => All(call, Rune.IsDigit) },
        { "isdigit", "self", call => All(call, rune => CharUnicodeInfo.GetDigitValue(rune.ToString(), 0) >= 0) },
        { "isidentifier", "self", call => IsIdentifier(Self(call).Value) },
        { "islower", "self", call => Casing.IsLower(Self(call).Value) },
        { "isnumeric", "self", call => All(call, Rune.IsNumber) },
        { "isprintable", "self", call => IsPrintable(Self(call)) },
        { "isspace", "self", call => All(call, rune => rune.IsBmp && Whitespace.Is((char)rune.Value)) },
        { "istitle", "self", call => Casing.IsTitle(Self(call).Value) },
        { "isupper", "self", call => Casing.IsUpper(Self(call).Value) },
        { "join", "self iterable", call => Join(Self(call), call.Items(1).Select(JoinItem)) },
        { "ljust", "self width fillchar?", call => Pad(call, centered: false, 0) },
        { "lower", "self", call => Casing.Lower(Self(call)) },
        { "lstrip", "self chars?", call => Strip(call, atStart: true, atEnd: false) },
        { "partition", "self sep", call => Partition(call, isLast: false) },
        { "removeprefix", "self prefix", RemovePrefix },
        { "removesuffix", "self suffix", RemoveSuffix },
        { "replace", "self old new count?", call => Replace(Self(call), call.AsText(1), call.AsText(2), call.Integer(3, -1)) },
        { "rfind", "self sub start? end?", call => Find(call, isLast: true) },
        { "rindex", "self sub start? end?", call => Found(Find(call, isLast: true)) },
        { "rjust", "self width fillchar?", call => Pad(call, centered: false, 1) },
        { "rpartition", "self sep", call => Partition(call, isLast: true) },
        { "rsplit", "self sep? maxsplit?", call => Splitting.SplitFromEnd(Self(call), Separator(call), call.Integer(2, -1)) },
        { "rstrip", "self chars?", call => Strip(call, atStart: false, atEnd: true) },
        { "split", "self sep? maxsplit?", call => Splitting.Split(Self(call), Separator(call), call.Integer(2, -1)) },
        { "splitlines", "self keepends?", call => Splitting.Lines(Self(call), call.Flag(1)) },
        { "startswith", "self prefix start? end?", call => Affix(call, (text, affix) => text.StartsWith(affix, StringComparison.Ordinal)) },
        { "strip", "self chars?", call => Strip(call, atStart: true, atEnd: true) },
        { "swapcase", "self", call => Casing.Swap(Self(call)) },
        { "title", "self", call => Casing.Title(Self(call)) },
        { "upper", "self", call => Casing.Upper(Self(call)) },
        { "zfill", "self width", ZeroFill },
    };

    public static Text Strip(Text text, string? characters, bool atStart = true, bool atEnd = true)
    {
        var (start, end) = (0, text.Value.Length);
        while (atStart && start < end && Strips(start)) start++;
        while (atEnd && end > start && Strips(end - 1)) end--;
        return text.Part(start, end - start);

        bool Strips(int at) => characters is null ? Whitespace.Is(text.Value[at]) : characters.Contains(text.Value[at], StringComparison.Ordinal);
    }

    /// <summary>Replaces the first so many occurrences, all for a negative count; an empty old stands between all characters.</summary>
    public static Text Replace(Text text, Text old, Text replacement, long count)
    {
        if (count < 0) count = long.MaxValue;
        var result = new TextBuilder();
        var done = 0;
        if (old.IsEmpty)
        {
            for (var i = 0; i <= text.Length && count > 0; i++, count--)
            {
                result.Append(replacement);
                if (i < text.Length) result.Append(text.At(i));
                done = text.Unit(Math.Min(i + 1, text.Length));
            }
        }
        else
        {
            for (int next; count > 0 && (next = text.Value.IndexOf(old.Value, done, StringComparison.Ordinal)) >= 0; count--)
            {
                result.Append(text, done, next - done).Append(replacement);
                done = next + old.Value.Length;
            }
        }
        return done == 0 && result.Length == 0 ? text : result.Append(text, done, text.Value.Length - done).ToText();
    }

    public static Text Join(Text separator, IEnumerable<Text> items)
    {
        var result = new TextBuilder();
        var isFirst = true;
        foreach (var item in items)
        {
            if (!isFirst) result.Append(separator);
            isFirst = false;
            result.Append(item);
        }
        return result.ToText();
    }

    /// <param name="leftShare">0 pads at the end, 1 at the start; centered splits it as Python does.</param>
    public static Text Pad(Text text, long width, Text fill, bool centered, int leftShare)
    {
        var missing = width - text.Length;
        if (missing <= 0) return text;
        var left = centered ? (missing / 2) + (missing & width & 1) : missing * leftShare;
        return new TextBuilder().Append(fill, left).Append(text).Append(fill, missing - left).ToText();
    }

    static Text Self(Call call) => (Text)call[0]!;

    static Text? Separator(Call call) => call.IsGiven(1) ? call.AsText(1) : null;

    static Text RemovePrefix(Call call)
    {
        var (text, prefix) = (Self(call), call.AsText(1).Value);
        return text.Value.StartsWith(prefix, StringComparison.Ordinal) ? text.Part(prefix.Length) : text;
    }

    static Text RemoveSuffix(Call call)
    {
        var (text, suffix) = (Self(call), call.AsText(1).Value);
        return text.Value.EndsWith(suffix, StringComparison.Ordinal) ? text.Part(0, text.Value.Length - suffix.Length) : text;
    }

    static bool All(Call call, Func<Rune, bool> test) => Self(call) is { IsEmpty: false } text && text.Value.EnumerateRunes().All(test);

    static Text Strip(Call call, bool atStart, bool atEnd) => Strip(Self(call), call.IsGiven(1) ? call.AsText(1).Value : null, atStart, atEnd);

    static Text Pad(Call call, bool centered, int leftShare) => call.AsText(2, " ") is { Length: 1 } fill
        ? Pad(Self(call), call.Integer(1), fill, centered, leftShare)
        : throw new TemplateException("The fill character must be exactly one character long");

    static Text JoinItem(object? item, int index) =>
        item as Text ?? throw new TemplateException($"sequence item {index}: expected str instance, {TypeNames.Of(item)} found");

    /// <summary>The part of the text that start and end leave, and where it begins, in UTF-16 units; null where they cross.</summary>
    static (string Part, int Start)? Window(Call call, int startArgument)
    {
        var text = Self(call);
        var start = call.Or(startArgument, null);
        var (from, to) = Sequences.Bounds(text.Length, start, call.Or(startArgument + 1, null));
        if (from > to || (Numbers.IsIntegral(start) && Numbers.AsInteger(start) > text.Length)) return null;
        return (text.Value[text.Unit(from)..text.Unit(to)], text.Unit(from));
    }

    static long Find(Call call, bool isLast)
    {
        if (Window(call, 2) is not var (part, start)) return -1;
        var sub = call.AsText(1).Value;
        var at = !isLast ? part.IndexOf(sub, StringComparison.Ordinal) : sub.Length == 0 ? part.Length : part.LastIndexOf(sub, StringComparison.Ordinal);
        return at < 0 ? -1 : Self(call).Index(start + at);
    }

    static long Found(long index) => index < 0 ? throw new TemplateException("substring not found") : index;

    static int Occurrences(Call call)
    {
        if (Window(call, 2) is not var (part, _)) return 0;
        var sub = call.AsText(1).Value;
        return sub.Length == 0 ? Text.Literal(part).Length + 1 : part.AsSpan().Count(sub);
    }

    /// <summary>The affix may be a tuple: any of them.</summary>
    static object? Affix(Call call, Func<string, string, bool> fits)
    {
        object?[] affixes = call[1] is TupleValue several ? several.Items : [call.AsText(1)];
        if (!affixes.All(affix => affix is Text)) throw new TemplateException($"the tuple for {call.Name} must only contain str");
        return Window(call, 2) is var (part, _) && affixes.Any(affix => fits(part, ((Text)affix!).Value));
    }

    static TupleValue Partition(Call call, bool isLast)
    {
        var (text, separator) = (Self(call), call.AsText(1));
        if (separator.IsEmpty) throw new TemplateException("empty separator");
        var at = isLast ? text.Value.LastIndexOf(separator.Value, StringComparison.Ordinal) : text.Value.IndexOf(separator.Value, StringComparison.Ordinal);
        if (at < 0) return new TupleValue(isLast ? [Text.Empty, Text.Empty, text] : [text, Text.Empty, Text.Empty]);
        return new TupleValue([text.Part(0, at), separator, text.Part(at + separator.Value.Length)]);
    }

    static Text ZeroFill(Call call)
    {
        var text = Self(call);
        var sign = text.Value is ['-' or '+', ..] ? 1 : 0;
        return text.Part(0, sign) + Pad(text.Part(sign), call.Integer(1) - sign, Text.Literal("0"), centered: false, leftShare: 1);
    }

    static Text ExpandTabs(Call call)
    {
        var (text, size, column) = (Self(call), call.Integer(1, 8), 0L);
        var result = new TextBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            var character = text.At(i);
            if (character.Value != "\t") result.Append(character);
            else if (size > 0) result.Append(Text.Literal(" "), size - (column % size));
            column = character.Value switch { "\n" or "\r" => 0, "\t" => size > 0 ? column + size - (column % size) : column, _ => column + 1 };
        }
        return result.ToText();
    }

    static bool IsIdentifier(string text) => text.Length > 0 && (char.IsLetter(text[0]) || text[0] == '_')
        && text.All(character => char.IsLetterOrDigit(character) || char.GetUnicodeCategory(character)
            is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark);

    static bool IsPrintable(Text text) => Enumerable.Range(0, text.Length).All(index => Printing.IsPrintable(text.At(index).Value));

    static Dictionary<string, object?> Names(object? mapping) =>
        (mapping as DictValue ?? throw new TemplateException($"format_map() needs a dict, not {TypeNames.Of(mapping)}"))
            .Where(item => item.Key is Text).ToDictionary(item => ((Text)item.Key!).Value, item => item.Value);
}
