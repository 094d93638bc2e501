using System.Text;
using System.Text.RegularExpressions;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>Jinja2's filters on strings ("List of Builtin Filters"); their value may be anything and is taken as str() prints it.</summary>
static partial class TextFilters
{
    public static readonly FunctionTable Table = new()
    {
        { "capitalize", "value", call => Casing.Capitalize(call.Str(0)) },
        { "center", "value width?", call => TextMethods.Pad(call.Str(0), call.Integer(1, 80), Text.Literal(" "), centered: true, leftShare: 0) },
        { "e", "value", call => Html.Escape(call.Str(0)) },
        { "escape", "value", call => Html.Escape(call.Str(0)) },
        { "forceescape", "value", call => Html.Escape(call.Str(0).AsMarkup(false)) },
        { "format", "value *", Format },
        { "indent", "s width? first? blank?", Indent },
        { "lower", "value", call => Casing.Lower(call.Str(0)) },
        { "replace", "s old new count?", call => TextMethods.Replace(call.Str(0), call.Str(1), call.Str(2), call.IsGiven(3) ? call.Integer(3) : -1) },
        { "safe", "value", call => call.Str(0).AsMarkup() },
        { "string", "value", call => call.Str(0) },
        { "striptags", "value", call => StripTags(call.Str(0)) },
        { "title", "value", call => Casing.TitleWords(call.Str(0)) },
        { "tojson", "value ensure_ascii? indent? separators? sort_keys?", ToJson.Filter },
        { "trim", "value chars?", call => TextMethods.Strip(call.Str(0), call.IsGiven(1) ? call.AsText(1).Value : null) },
        { "truncate", "s length? killwords? end? leeway?", Truncate },
        { "upper", "value", call => Casing.Upper(call.Str(0)) },
        { "urlencode", "value", UrlEncode },
        { "wordcount", "value", call => (long)Words().Count(call.Str(0).Value) },
        { "xmlattr", "d autospace?", XmlAttributes },
    };

    static object? Format(Call call)
    {
        if (call.Rest.Count > 0 && call.Named.Count > 0) throw new TemplateException("can't handle positional and keyword arguments at the same time");
        return PercentFormat.Format(call.Str(0), call.Named.Count > 0 ? DictValue.From(call.Named) : new TupleValue([.. call.Rest]));
    }

    static Text Indent(Call call)
    {
        var indention = call.Or(1, 4L) is Text given ? given : new TextBuilder().Append(Text.Literal(" "), call.Integer(1, 4)).ToText();
        var (indentsFirst, indentsBlank) = (call.Flag(2), call.Flag(3));
        var lines = Splitting.Lines(call.AsText(0) + Text.Literal("\n"), keepsEnds: false);
        var result = new TextBuilder();
        for (var i = 0; i < lines.Count; i++)
        {
            var line = (Text)lines[i]!;
            if (i > 0) result.Append("\n");
            if (i == 0 ? indentsFirst : indentsBlank || !line.IsEmpty) result.Append(indention);
            result.Append(line);
        }
        return result.ToText();
    }

    static Text StripTags(Text value)
    {
        var words = Splitting.Split(Without(Without(value, "<!--", "-->"), "<", ">"), null, -1);
        return TextMethods.Join(Text.Literal(" "), words.Cast<Text>()).Map(System.Net.WebUtility.HtmlDecode!);
    }

    static Text Without(Text text, string open, string close)
    {
        var (result, source, done) = (new TextBuilder(), text.Value, 0);
        while (source.IndexOf(open, done, StringComparison.Ordinal) is >= 0 and var start
            && source.IndexOf(close, start + open.Length, StringComparison.Ordinal) is >= 0 and var end)
        {
            result.Append(text, done, start - done);
            done = end + close.Length;
        }
        return result.Append(text, done, source.Length - done).ToText();
    }

    static object? Truncate(Call call)
    {
        var (length, end) = (call.Integer(1, 255), call.AsText(3, "..."));
        var leeway = call.IsGiven(4) ? call.Integer(4) : 5;
        if (length < end.Length) throw new TemplateException($"expected length >= {end.Length}, got {length}");
        if (leeway < 0) throw new TemplateException($"expected leeway >= 0, got {leeway}");
        if (Sequences.Length(call[0]) <= length + leeway) return call[0];
        var text = call.AsText(0);
        var kept = text.Part(0, text.Unit((int)length - end.Length));
        if (!call.Flag(2) && kept.Value.LastIndexOf(' ') is >= 0 and var space) kept = kept.Part(0, space);
        return kept + end;
    }

    static Text UrlEncode(Call call)
    {
        if (call[0] is Text || Sequences.Items(call[0]) is null) return Quote(call.Str(0), isQuery: false);
        var pairs = call[0] is DictValue dict ? new DictView("dict_items", dict).Items : call.Items(0);
        return TextMethods.Join(Text.Literal("&"), pairs.Select(pair => call.Run.Iterate(pair).Take(3).ToList() is [var name, var value]
            ? Quote(Printing.Str(name), isQuery: true) + Text.Literal("=") + Quote(Printing.Str(value), isQuery: true)
            : throw new TemplateException("urlencode needs pairs of a name and a value")));
    }

    static Text Quote(Text text, bool isQuery) => text.Map(part =>
    {
        var result = new StringBuilder();
        foreach (var unit in Encoding.UTF8.GetBytes(part))
        {
            var character = (char)unit;
            if (char.IsAsciiLetterOrDigit(character) || character is '_' or '.' or '-' or '~' || (character == '/' && !isQuery)) result.Append(character);
            else if (character == ' ' && isQuery) result.Append('+');
            else result.Append('%').Append(unit.ToString("X2", null));
        }
        return result.ToString();
    });

    static Text XmlAttributes(Call call)
    {
        var result = new TextBuilder();
        foreach (var (key, value) in call[0] as DictValue ?? throw new TemplateException($"xmlattr needs a mapping, not {TypeNames.Of(call[0])}"))
        {
            if (value is null or Undefined) continue;
            var name = Printing.Str(key);
            if (name.Value.Any(character => character is ' ' or (>= '\t' and <= '\r') or '/' or '>' or '='))
                throw new TemplateException($"Invalid character in attribute name: {Printing.Repr(name)}");
            if (result.Length > 0 || call.Flag(1, true)) result.Append(" ");
            result.Append(Html.Escape(name)).Append("=\"").Append(Html.Escape(Printing.Str(value))).Append("\"");
        }
        return result.ToText();
    }

    [GeneratedRegex(@"\w+")]
    private static partial Regex Words();
}
