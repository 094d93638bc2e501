using System.Runtime.CompilerServices;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>The tags, one method each: called after the tag's name is read, they leave its closing "%}" to be read.</summary>
sealed partial class Parser
{
    List<Statement> ReadPrints(int line)
    {
        var prints = new List<Statement>();
        while (Current.Kind is not (TokenKind.BlockEnd or TokenKind.End))
        {
            if (prints.Count > 0) Expect(",");
            prints.Add(new Print(ReadExpression(), line));
        }
        return prints;
    }

    For ReadFor(int line)
    {
        loopBodies++;
        var target = ReadTarget(endsAtIn: true);
        ExpectName("in");
        var items = ReadTuple(allowsConditional: false, endsAt: "recursive");
        var test = SkipName("if") ? ReadExpression() : null;
        var isRecursive = SkipName("recursive");
        loops++;
        var body = ReadBody("endfor", "else");
        loops--;
        var otherwise = Next().Text == "else" ? ReadBodyThrough("endfor") : null;
        loopBodies--;
        return new For(target, items, test, isRecursive, body, otherwise, line);
    }

    If ReadIf(int line)
    {
        var (branches, around) = (new List<(Expression, Body)>(), guarded);
        Body? otherwise = null;
        guarded = true;
        do branches.Add((ReadTuple(allowsConditional: false), ReadBody("elif", "else", "endif")));
        while (SkipName("elif"));
        if (Next().Text == "else") otherwise = ReadBodyThrough("endif");
        guarded = around;
        return new If([.. branches], otherwise, line);
    }

    Statement ReadSet(int line)
    {
        var target = ReadTarget(allowsNamespace: true);
        if (SkipOperator("=")) return new SetValue(target, ReadTuple(), line);
        var filter = IsOperator("|") ? ReadFilters(null, first: false) : null;
        return new SetBlock(target, filter, ReadBodyThrough("endset"), line);
    }

    With ReadWith(int line)
    {
        var values = new List<(Target, Expression)>();
        while (Current.Kind is not (TokenKind.BlockEnd or TokenKind.End) && !IsOperator(":"))
        {
            if (values.Count > 0) Expect(",");
            var target = ReadTarget();
            Expect("=");
            values.Add((target, ReadExpression()));
        }
        return new With([.. values], ReadBodyThrough("endwith"), line);
    }

    Scoped ReadBlock(int line)
    {
        var name = ExpectName();
        SkipName("scoped");
        SkipName("required");
        var body = ReadApart("endblock");
        SkipName(name);
        return new Scoped(body, line);
    }

    MacroDefinition ReadMacro(int line)
    {
        var name = ReadNameToAssign();
        var parameters = ReadParameters();
        var (body, specials) = ReadMacroBody(parameters, "endmacro");
        return new MacroDefinition(name, new(parameters, specials), body, line);
    }

    CallBlock ReadCallBlock(int line)
    {
        var parameters = IsOperator("(") ? ReadParameters() : [];
        var call = ReadExpression() as CallOf ?? throw new TemplateException("expected call", line);
        var (body, specials) = ReadMacroBody(parameters, "endcall");
        return new CallBlock(new(parameters, specials), call, body, line);
    }

    (string, Expression?)[] ReadParameters()
    {
        var parameters = new List<(string, Expression? Default)>();
        Expect("(");
        while (!IsOperator(")"))
        {
            if (parameters.Count > 0) Expect(",");
            var name = ReadNameToAssign();
            var value = SkipOperator("=") ? ReadExpression() : null;
            if (value is null && parameters is [.., (_, not null)]) throw Fail("non-default argument follows default argument");
            parameters.Add((name, value));
        }
        Expect(")");
        return [.. parameters];
    }

    (Body, IReadOnlySet<string>) ReadMacroBody((string Name, Expression? Default)[] parameters, string end)
    {
        macros.Push(new());
        var body = ReadApart(end);
        var read = macros.Pop().Read;
        foreach (var (name, value) in parameters)
            if (read.Remove(name) && name == "caller" && value is null)
                throw Fail("the special \"caller\" argument of a macro must be omitted or be given a default.");
        return (body, read);
    }

    /// <summary>A body that a break cannot leave: it is rendered on its own.</summary>
    Body ReadApart(string end)
    {
        var around = loops;
        loops = 0;
        var body = ReadBodyThrough(end);
        loops = around;
        return body;
    }

    Refused ReadRefused(string tag, int line)
    {
        while (Current.Kind is not (TokenKind.BlockEnd or TokenKind.End)) position++;
        return new Refused(tag, line);
    }

    /// <summary>A name, a namespace's attribute, or several of them in a tuple.</summary>
    Target ReadTarget(bool allowsNamespace = false, bool endsAtIn = false)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var targets = new List<Target>();
        var isTuple = false;
        do
        {
            var isEnd = Current.Kind is TokenKind.BlockEnd or TokenKind.End || IsOperator("=") || IsOperator(")") || (endsAtIn && IsName("in"));
            if (isEnd && targets.Count > 0) break;
            targets.Add(ReadSingleTarget(allowsNamespace));
            isTuple |= IsOperator(",");
        }
        while (SkipOperator(","));
        return isTuple ? new TupleTarget([.. targets]) : targets[0];
    }

    Target ReadSingleTarget(bool allowsNamespace)
    {
        if (SkipOperator("("))
        {
            var inner = ReadTarget(allowsNamespace);
            Expect(")");
            return inner;
        }
        if (allowsNamespace && Current.Kind == TokenKind.Name && Ahead is { Kind: TokenKind.Operator, Text: "." })
        {
            var name = Next().Text;
            position++;
            return new NamespaceTarget(name, ExpectName());
        }
        return new NameTarget(ReadNameToAssign());
    }

    string ReadNameToAssign()
    {
        if (Current.Kind == TokenKind.Name && Current.Text is "true" or "false" or "none" or "True" or "False" or "None") throw Fail("can't assign to 'const'");
        if (IsName("loop") && loopBodies > 0) throw Fail("Can't assign to special loop variable in for-loop target");
        var name = ExpectName();
        foreach (var macro in macros) macro.Stored(name);
        return name;
    }

    /// <summary>Which of the special names a macro's body reads before it sets them.</summary>
    sealed class MacroNames
    {
        readonly HashSet<string> set = [];

        public HashSet<string> Read { get; } = [];

        public void Stored(string name) => set.Add(name);

        public void Loaded(string name)
        {
            if (name is "caller" or "kwargs" or "varargs" && !set.Contains(name)) Read.Add(name);
        }
    }
}
