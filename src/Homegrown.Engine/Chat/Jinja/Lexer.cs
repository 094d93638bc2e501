using System.Globalization;
using System.Text.RegularExpressions;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>
/// Cuts a template's source into tokens, with the whitespace rules chat templates are written for: the newline after a block
/// tag goes (trim_blocks), blanks before a block tag that starts its line go (lstrip_blocks), "-" strips everything up to the
/// next text and "+" keeps it. Source: the Jinja2 3.1 documentation, "Whitespace Control", and its lexer's behaviour.
/// </summary>
sealed partial class Lexer
{
    readonly string source;
    readonly List<Token> tokens = [];
    int position;
    int line = 1;
    bool atLineStart = true;    // the last tag consumed its newline, or nothing was read yet

    Lexer(string source)
    {
        source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        this.source = source.EndsWith('\n') ? source[..^1] : source;
    }

    /// <summary>All tokens, the last one <see cref="TokenKind.End"/>.</summary>
    public static List<Token> Read(string source)
    {
        var lexer = new Lexer(source);
        while (lexer.position < lexer.source.Length) lexer.ReadTextAndTag();
        lexer.tokens.Add(new(TokenKind.End, "", lexer.line));
        return lexer.tokens;
    }

    void ReadTextAndTag()
    {
        var tag = FindTag();
        if (tag < 0)
        {
            AddData(source[position..], '+', strips: false);
            position = source.Length;
            return;
        }

        var raw = RawBegin().Match(source, tag);
        var kind = source[tag + 1];
        var sign = tag + 2 < source.Length && source[tag + 2] is '-' or '+' ? source[tag + 2] : ' ';
        AddData(source[position..tag], sign, strips: kind != '{');
        if (raw.Success)
        {
            Advance(raw.Length, tag);
            ReadRaw();
        }
        else
        {
            Advance(sign == ' ' ? 2 : 3, tag);
            if (kind == '#') ReadComment();
            else ReadTag(kind == '%');
        }
    }

    /// <summary>Where the next "{{", "{%" or "{#" stands, or -1.</summary>
    int FindTag()
    {
        for (var tag = source.IndexOf('{', position); tag >= 0 && tag + 1 < source.Length; tag = source.IndexOf('{', tag + 1))
            if (source[tag + 1] is '{' or '%' or '#') return tag;
        return -1;
    }

    /// <summary>Text before a tag, stripped as the tag's sign says.</summary>
    void AddData(string text, char sign, bool strips)
    {
        var lines = text.AsSpan().Count('\n');
        if (sign == '-') text = text[..Whitespace.TrimmedEnd(text)];
        else if (sign != '+' && strips)
        {
            var lineStart = text.LastIndexOf('\n') + 1;
            if ((lineStart > 0 || atLineStart) && Whitespace.TrimmedEnd(text) <= lineStart) text = text[..lineStart];
        }
        if (text.Length > 0) tokens.Add(new(TokenKind.Data, text, line));
        line += lines;
    }

    void ReadRaw()
    {
        var end = RawEnd().Match(source, position);
        if (!end.Success) throw new TemplateException("Missing end of raw directive", line);
        AddData(source[position..end.Index], end.Groups[1].Value is [var sign] ? sign : ' ', strips: true);
        Advance(end.Length, end.Index);
    }

    void ReadComment()
    {
        var end = source.IndexOf("#}", position, StringComparison.Ordinal);
        if (end < 0) throw new TemplateException("Missing end of comment tag", line);
        var sign = end > position ? source[end - 1] : ' ';
        line += source.AsSpan(position, end - position).Count('\n');
        Advance(EndLength(end, sign, trimsNewline: true), end);
    }

    void ReadTag(bool isBlock)
    {
        tokens.Add(new(isBlock ? TokenKind.BlockBegin : TokenKind.PrintBegin, "", line));
        var open = new Stack<char>();
        while (position < source.Length)
        {
            if (open.Count == 0 && TryEndTag(isBlock)) return;
            if (Whitespace.Is(source[position])) Advance(1);
            else ReadExpressionToken(open);
        }
    }

    bool TryEndTag(bool isBlock)
    {
        var sign = source[position];
        var end = sign == '-' || (sign == '+' && isBlock) ? position + 1 : position;
        if (!source.AsSpan(end).StartsWith(isBlock ? "%}" : "}}", StringComparison.Ordinal)) return false;
        tokens.Add(new(isBlock ? TokenKind.BlockEnd : TokenKind.PrintEnd, "", line));
        Advance(EndLength(end, sign, trimsNewline: isBlock), end);
        return true;
    }

    /// <summary>Length of a tag's two closing characters and of the whitespace that goes with them.</summary>
    int EndLength(int end, char sign, bool trimsNewline)
    {
        var after = end + 2;
        if (sign == '-') while (after < source.Length && Whitespace.Is(source[after])) after++;
        else if (trimsNewline && sign != '+' && after < source.Length && source[after] == '\n') after++;
        return after - end;
    }

    void ReadExpressionToken(Stack<char> open)
    {
        if (Number().Match(source, position) is { Success: true } number) AddNumber(number);
        else if (Name().Match(source, position) is { Success: true } name) AddToken(TokenKind.Name, name.Value, name.Length);
        else if (QuotedString().Match(source, position) is { Success: true } text)
            AddToken(TokenKind.String, StringLiteral.Unescape(text.ValueSpan[1..^1], line), text.Length);
        else if (Operator().Match(source, position) is { Success: true } symbol)
        {
            Balance(symbol.ValueSpan[0], open);
            AddToken(TokenKind.Operator, symbol.Value, symbol.Length);
        }
        else throw new TemplateException($"unexpected char '{source[position]}' at {position}", line);
    }

    void AddNumber(Match number)
    {
        var digits = number.Value.Replace("_", "", StringComparison.Ordinal);
        try
        {
            object? value = number.Groups["float"].Success ? (object)double.Parse(digits, CultureInfo.InvariantCulture) : Numbers.ParseInteger(digits, 0);
            tokens.Add(new(TokenKind.Number, number.Value, line, value));
        }
        catch (OverflowException)
        {
            throw new TemplateException($"the integer {number.Value} does not fit 64 bits", line);
        }
        Advance(number.Length);
    }

    void AddToken(TokenKind kind, string text, int length)
    {
        tokens.Add(new(kind, text, line));
        Advance(length);
    }

    /// <summary>Within brackets "}}" and "%}" are operators, not the end of the tag: a dict may end before a print does.</summary>
    void Balance(char symbol, Stack<char> open)
    {
        if (symbol is '(') open.Push(')');
        else if (symbol is '[') open.Push(']');
        else if (symbol is '{') open.Push('}');
        else if (symbol is ')' or ']' or '}')
        {
            if (!open.TryPop(out var expected)) throw new TemplateException($"unexpected '{symbol}'", line);
            if (expected != symbol) throw new TemplateException($"unexpected '{symbol}', expected '{expected}'", line);
        }
    }

    void Advance(int length, int from = -1)
    {
        if (from < 0) from = position;
        line += source.AsSpan(from, length).Count('\n');
        position = from + length;
        atLineStart = length > 0 && source[position - 1] == '\n';
    }

    [GeneratedRegex(@"\G\{%[-+]?\s*raw\s*(?:-%\}\s*|%\})")]
    private static partial Regex RawBegin();

    [GeneratedRegex(@"\{%([-+]?)\s*endraw\s*(?:\+%\}|-%\}\s*|%\}\n?)")]
    private static partial Regex RawEnd();

    [GeneratedRegex(@"\G(?:(?<float>(?<!\.)(?:[0-9]+_)*[0-9]+(?:(?:\.(?:[0-9]+_)*[0-9]+)?[eE][+-]?(?:[0-9]+_)*[0-9]+|\.(?:[0-9]+_)*[0-9]+))|" +
        @"0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|[1-9](?:_?[0-9])*|0(?:_?0)*)")]
    private static partial Regex Number();

    [GeneratedRegex(@"\G\w+")]
    private static partial Regex Name();

    [GeneratedRegex(@"\G(?:'[^'\\]*(?:\\.[^'\\]*)*'|""[^""\\]*(?:\\.[^""\\]*)*"")", RegexOptions.Singleline)]
    private static partial Regex QuotedString();

    [GeneratedRegex(@"\G(?:\*\*|//|==|!=|>=|<=|[-+/*%~\[\](){}><=.:|,;])")]
    private static partial Regex Operator();
}
