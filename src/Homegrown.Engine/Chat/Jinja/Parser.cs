using System.Runtime.CompilerServices;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>
/// Reads a template's tags into statements; the other half reads expressions. The grammar is Jinja2 3.1's ("Template Designer
/// Documentation") with the loop controls and the generation tag that Hugging Face transformers adds.
/// </summary>
sealed partial class Parser
{
    readonly List<Token> tokens;
    readonly bool knowsGeneration;
    readonly Stack<string> openTags = [];
    readonly Stack<string[]> awaited = [];
    readonly Stack<MacroNames> macros = [];
    readonly List<(string Problem, int Line)> unknown = [];     // filters and tests that fail the template unless a condition guards them
    int position;
    bool guarded;       // directly within an if: an unknown filter fails only if it runs
    int loops;          // for loops that a break here could end
    int loopBodies;     // for loops around, macros' included

    Parser(List<Token> tokens, bool knowsGeneration) => (this.tokens, this.knowsGeneration) = (tokens, knowsGeneration);

    /// <exception cref="TemplateException">The source is not a template; line and problem are named.</exception>
    public static Body Parse(string source, bool knowsGeneration)
    {
        var parser = new Parser(Lexer.Read(source), knowsGeneration);
        var body = parser.ReadBody();
        return parser.unknown is [var (problem, line), ..] ? throw new TemplateException(problem, line) : body;
    }

    Token Current => tokens[position];

    Token Ahead => tokens[Math.Min(position + 1, tokens.Count - 1)];

    Token Next()
    {
        var token = Current;
        if (token.Kind != TokenKind.End) position++;
        return token;
    }

    TemplateException Fail(string problem) => new(problem, Current.Line);

    bool IsName(string name) => Current.Kind == TokenKind.Name && Current.Text == name;

    bool IsOperator(string symbol) => Current.Kind == TokenKind.Operator && Current.Text == symbol;

    bool SkipName(string name)
    {
        if (!IsName(name)) return false;
        position++;
        return true;
    }

    bool SkipOperator(string symbol)
    {
        if (!IsOperator(symbol)) return false;
        position++;
        return true;
    }

    void Expect(string symbol)
    {
        if (!SkipOperator(symbol)) throw Fail($"expected token '{symbol}', got '{Current}'");
    }

    void ExpectName(string name)
    {
        if (!SkipName(name)) throw Fail($"expected token '{name}', got '{Current}'");
    }

    string ExpectName() => Current.Kind == TokenKind.Name ? Next().Text : throw Fail($"expected token 'name', got '{Current}'");

    void Expect(TokenKind kind)
    {
        if (Current.Kind != kind) throw Fail($"expected token '{new Token(kind, "", 0)}', got '{Current}'");
        position++;
    }

    /// <summary>Statements up to one of the tags, which stays to be read; without tags, to the end.</summary>
    Body ReadBody(params string[] ends)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (ends.Length > 0)
        {
            SkipOperator(":");
            Expect(TokenKind.BlockEnd);
            awaited.Push(ends);
        }
        var (statements, around) = (new List<Statement>(), guarded);
        guarded &= ends.Contains("endif");      // a body with names of its own is no longer directly within the if
        while (Current.Kind != TokenKind.End)
        {
            var (kind, text, line, _) = Next();
            if (kind == TokenKind.Data) statements.Add(new Data(text, line));
            else if (kind == TokenKind.PrintBegin)
            {
                statements.Add(new Print(ReadTuple(), line));
                Expect(TokenKind.PrintEnd);
            }
            else if (Current.Kind == TokenKind.Name && ends.Contains(Current.Text))
            {
                awaited.Pop();
                guarded = around;
                return new Body([.. statements]);
            }
            else statements.AddRange(ReadTag());
        }
        return ends.Length == 0 ? new Body([.. statements]) : throw UnexpectedTag(null);
    }

    /// <summary>A body whose end tag has no alternatives, and the end tag.</summary>
    Body ReadBodyThrough(string end)
    {
        var body = ReadBody(end);
        position++;
        return body;
    }

    List<Statement> ReadTag()
    {
        if (Current.Kind != TokenKind.Name) throw Fail("tag name expected");
        var (tag, line) = (Current.Text, Current.Line);
        if (!IsTag(tag)) throw UnexpectedTag(tag);
        openTags.Push(tag);
        position++;
        List<Statement> statements = tag == "print" ? ReadPrints(line) : [ReadStatement(tag, line)];
        openTags.Pop();
        Expect(TokenKind.BlockEnd);
        return statements;
    }

    bool IsTag(string name) => name is "for" or "if" or "set" or "macro" or "call" or "filter" or "with" or "block" or "break" or "continue" or "print"
        or "include" or "import" or "from" or "extends" or "autoescape" || (name == "generation" && knowsGeneration);

    Statement ReadStatement(string tag, int line) => tag switch
    {
        "for" => ReadFor(line),
        "if" => ReadIf(line),
        "set" => ReadSet(line),
        "macro" => ReadMacro(line),
        "call" => ReadCallBlock(line),
        "filter" => new FilterBlock(ReadFilters(null, first: true), ReadApart("endfilter"), line),
        "with" => ReadWith(line),
        "block" => ReadBlock(line),
        "generation" => new Scoped(ReadApart("endgeneration"), line),
        "break" or "continue" => loops > 0
            ? new Jump(tag == "break" ? Flow.Break : Flow.Continue, line)
            : throw new TemplateException($"'{tag}' outside loop", line),
        "autoescape" => throw new TemplateException("'autoescape' is not for chat templates: a prompt is not HTML", line),
        _ => ReadRefused(tag, line),
    };

    TemplateException UnexpectedTag(string? tag)
    {
        var looking = awaited.Count == 0 ? "" : string.Join(" or ", awaited.Peek().Select(end => $"'{end}'"));
        var problem = tag is null ? "Unexpected end of template." : $"Encountered unknown tag '{tag}'.";
        if (looking.Length > 0)
            problem += tag is not null && awaited.Any(ends => ends.Contains(tag))
                ? $" You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for {looking}."
                : $" Jinja was looking for the following tags: {looking}.";
        if (openTags.Count > 0) problem += $" The innermost block that needs to be closed is '{openTags.Peek()}'.";
        return Fail(problem);
    }
}
