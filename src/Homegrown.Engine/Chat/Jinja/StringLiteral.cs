using System.Globalization;
using System.Text;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>What a quoted string of a template means: Python's escapes (Language Reference, 2.4.1.1); an unknown one stays as it is written.</summary>
static class StringLiteral
{
    public static string Unescape(ReadOnlySpan<char> body, int line)
    {
        if (!body.Contains('\\')) return body.ToString();
        var text = new StringBuilder(body.Length);
        for (var i = 0; i < body.Length; i++)
        {
            if (body[i] != '\\') text.Append(body[i]);
            else i = AppendEscape(text, body, i + 1, line);
        }
        return text.ToString();
    }

    /// <returns>The last position that belongs to the escape.</returns>
    static int AppendEscape(StringBuilder text, ReadOnlySpan<char> body, int at, int line)
    {
        var kind = body[at];
        if (kind is 'x' or 'u' or 'U')
        {
            var digits = kind switch { 'x' => 2, 'u' => 4, _ => 8 };
            var hex = body.Slice(at + 1, Math.Min(digits, body.Length - at - 1));
            if (hex.Length < digits || !uint.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) || code > 0x10FFFF)
                throw new TemplateException($"truncated or illegal \\{kind} escape in a string", line);
            text.Append(code > 0xFFFF ? char.ConvertFromUtf32((int)code) : ((char)code).ToString());
            return at + digits;
        }
        if (kind is >= '0' and <= '7')
        {
            var (code, end) = (0, at);
            for (; end < body.Length && end < at + 3 && body[end] is >= '0' and <= '7'; end++) code = code * 8 + (body[end] - '0');
            text.Append((char)code);
            return end - 1;
        }
        if (kind == 'N') throw new TemplateException("character names (\\N{...}) are not known here: write \\u or \\U", line);
        text.Append(kind switch
        {
            'n' => "\n",
            't' => "\t",
            'r' => "\r",
            'a' => "\a",
            'b' => "\b",
            'f' => "\f",
            'v' => "\v",
            '\n' => "",
            '\\' or '\'' or '"' => kind.ToString(),
            _ => "\\" + kind,
        });
        return at;
    }
}
