using System.Runtime.CompilerServices;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>Expressions, from the loosest binding operator to the tightest: a method per level.</summary>
sealed partial class Parser
{
    static readonly Dictionary<string, Func<object?, object?, object?>> Sums = new() { ["+"] = Operators.Add, ["-"] = Operators.Subtract };

    static readonly Dictionary<string, Func<object?, object?, object?>> Products = new()
    {
        ["*"] = Operators.Multiply,
        ["/"] = Operators.Divide,
        ["//"] = Operators.FloorDivide,
        ["%"] = Operators.Modulo,
    };

    static readonly Dictionary<string, Func<object?, object?, object?>> Powers = new() { ["**"] = Operators.Power };

    Expression ReadExpression(bool allowsConditional = true)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var (line, unknownBefore) = (Current.Line, unknown.Count);
        var value = ReadOr();
        while (allowsConditional && SkipName("if"))
        {
            var test = ReadOr();
            var otherwise = SkipName("else") ? ReadExpression() : null;
            value = new Conditional(test, value, otherwise, line);
            // Within a conditional expression an unknown filter fails only if it runs.
            unknown.RemoveRange(unknownBefore, unknown.Count - unknownBefore);
        }
        return value;
    }

    /// <summary>An expression, or several with commas between: a tuple without parentheses.</summary>
    Expression ReadTuple(bool allowsConditional = true, string? endsAt = null, bool allowsEmpty = false)
    {
        var items = new List<Expression>();
        var isTuple = false;
        do
        {
            if (Current.Kind is TokenKind.PrintEnd or TokenKind.BlockEnd || IsOperator(")") || (endsAt is not null && IsName(endsAt))) break;
            items.Add(ReadExpression(allowsConditional));
            isTuple |= IsOperator(",");
        }
        while (SkipOperator(","));
        if (isTuple) return new TupleOf([.. items]);
        if (items.Count == 1) return items[0];
        return allowsEmpty ? new TupleOf([]) : throw Fail($"Expected an expression, got '{Current}'");
    }

    Expression ReadOr()
    {
        var left = ReadAnd();
        while (SkipName("or")) left = new Or(left, ReadAnd());
        return left;
    }

    Expression ReadAnd()
    {
        var left = ReadNot();
        while (SkipName("and")) left = new And(left, ReadNot());
        return left;
    }

    Expression ReadNot()
    {
        if (!IsName("not")) return ReadComparison();
        RuntimeHelpers.EnsureSufficientExecutionStack();
        position++;
        return new Not(ReadNot());
    }

    Expression ReadComparison()
    {
        var first = ReadSum();
        var rest = new List<(string, Expression)>();
        while (ReadComparisonSymbol() is { } symbol) rest.Add((symbol, ReadSum()));
        return rest.Count == 0 ? first : new Compare(first, [.. rest]);
    }

    string? ReadComparisonSymbol()
    {
        if (Current is { Kind: TokenKind.Operator, Text: "==" or "!=" or "<" or "<=" or ">" or ">=" }) return Next().Text;
        if (SkipName("in")) return "in";
        if (!IsName("not") || Ahead is not { Kind: TokenKind.Name, Text: "in" }) return null;
        position += 2;
        return "not in";
    }

    Expression ReadSum() => ReadBinary(Sums, ReadConcat);

    Expression ReadConcat()
    {
        var parts = new List<Expression> { ReadProduct() };
        while (SkipOperator("~")) parts.Add(ReadProduct());
        return parts.Count == 1 ? parts[0] : new Concat([.. parts]);
    }

    Expression ReadProduct() => ReadBinary(Products, ReadPower);

    // Unlike Python's, Jinja2's ** groups from the left, and a sign binds tighter.
    Expression ReadPower() => ReadBinary(Powers, () => ReadUnary(allowsFilters: true));

    Expression ReadBinary(Dictionary<string, Func<object?, object?, object?>> operations, Func<Expression> readOperand)
    {
        var left = readOperand();
        while (Current.Kind == TokenKind.Operator && operations.TryGetValue(Current.Text, out var operation))
        {
            position++;
            left = new Binary(left, operation, readOperand());
        }
        return left;
    }

    Expression ReadUnary(bool allowsFilters)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        Expression value;
        if (SkipOperator("-")) value = new Unary(ReadUnary(allowsFilters: false), negates: true);
        else if (SkipOperator("+")) value = new Unary(ReadUnary(allowsFilters: false), negates: false);
        else value = ReadPrimary();
        value = ReadPostfix(value);
        while (allowsFilters)
        {
            if (IsOperator("|")) value = ReadFilters(value, first: false);
            else if (SkipName("is")) value = ReadTest(value);
            else if (IsOperator("(")) value = new CallOf(value, ReadArguments());
            else break;
        }
        return value;
    }

    Expression ReadPrimary()
    {
        var token = Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                position++;
                return ReadName(token.Text);
            case TokenKind.String:
                var text = new TextBuilder();       // strings side by side are one
                while (Current.Kind == TokenKind.String) text.Append(Next().Text);
                return new Literal(text.ToText());
            case TokenKind.Number:
                position++;
                return new Literal(token.Number);
            case TokenKind.Operator when token.Text == "(":
                position++;
                var inner = ReadTuple(allowsEmpty: true);
                Expect(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                return new ListOf([.. ReadItems("[", "]", () => ReadExpression())]);
            case TokenKind.Operator when token.Text == "{":
                return new DictOf([.. ReadItems("{", "}", ReadPair)]);
            default:
                throw Fail($"unexpected '{token}'");
        }
    }

    Expression ReadName(string name)
    {
        if (name is "true" or "True") return new Literal(true);
        if (name is "false" or "False") return new Literal(false);
        if (name is "none" or "None") return new Literal(null);
        foreach (var macro in macros) macro.Loaded(name);
        return new Name(name);
    }

    (Expression, Expression) ReadPair()
    {
        var key = ReadExpression();
        Expect(":");
        return (key, ReadExpression());
    }

    /// <summary>Items between brackets, a comma at the end allowed.</summary>
    List<T> ReadItems<T>(string open, string close, Func<T> readItem)
    {
        var items = new List<T>();
        Expect(open);
        while (!IsOperator(close))
        {
            if (items.Count > 0) Expect(",");
            if (IsOperator(close)) break;
            items.Add(readItem());
        }
        Expect(close);
        return items;
    }

    Expression ReadPostfix(Expression value)
    {
        while (true)
        {
            if (SkipOperator(".")) value = ReadMember(value);
            else if (IsOperator("[")) value = ReadSubscript(value);
            else if (IsOperator("(")) value = new CallOf(value, ReadArguments());
            else return value;
        }
    }

    Expression ReadMember(Expression target) => Current switch
    {
        { Kind: TokenKind.Name } => new AttributeOf(target, Next().Text),
        { Kind: TokenKind.Number, Number: long } => new ItemOf(target, new Literal(Next().Number)),
        _ => throw Fail("expected name or number"),
    };

    Expression ReadSubscript(Expression target)
    {
        Expect("[");
        var start = IsOperator(":") ? null : ReadExpression();
        if (start is not null && !IsOperator(":"))
        {
            var keys = new List<Expression> { start };
            while (SkipOperator(",")) keys.Add(ReadExpression());
            Expect("]");
            return new ItemOf(target, keys.Count == 1 ? start : new TupleOf([.. keys]));
        }
        var (stop, step) = (ReadBound(), ReadBound());
        Expect("]");
        return new SliceOf(target, start, stop, step);

        Expression? ReadBound() => SkipOperator(":") && !IsOperator(":") && !IsOperator("]") ? ReadExpression() : null;
    }

    ArgumentList ReadArguments()
    {
        var (positional, named) = (new List<Expression>(), new List<(string, Expression)>());
        Expression? spread = null, namedSpread = null;
        var line = Current.Line;
        ReadItems("(", ")", () =>
        {
            var isName = Current.Kind == TokenKind.Name && Ahead is { Kind: TokenKind.Operator, Text: "=" };
            var isSpread = IsOperator("*") || IsOperator("**");
            if (namedSpread is not null || (spread is not null && !isName && !IsOperator("**")) || (named.Count > 0 && !isName && !isSpread))
                throw new TemplateException("invalid syntax for function call expression", line);
            if (SkipOperator("*")) spread = ReadExpression();
            else if (SkipOperator("**")) namedSpread = ReadExpression();
            else if (isName)
            {
                var name = Next().Text;
                position++;
                named.Add((name, ReadExpression()));
            }
            else positional.Add(ReadExpression());
            return true;
        });
        return new([.. positional], [.. named], spread, namedSpread);
    }

    /// <param name="first">A filter block's first filter, which has no "|" before it.</param>
    Filtered ReadFilters(Expression? value, bool first)
    {
        Filtered? filtered = null;
        while (first || SkipOperator("|"))
        {
            var (name, line) = ReadDottedName();
            filtered = new Filtered(filtered ?? value, name, IsOperator("(") ? ReadArguments() : ArgumentList.None);
            if (!filtered.IsKnown && !guarded) unknown.Add(($"No filter named '{name}'.", line));
            first = false;
        }
        return filtered!;
    }

    Expression ReadTest(Expression value)
    {
        var isNegated = SkipName("not");
        var (name, line) = ReadDottedName();
        var arguments = IsOperator("(") ? ReadArguments() : StartsTestOperand() ? new([ReadPostfix(ReadPrimary())], [], null, null) : ArgumentList.None;
        var test = new Tested(value, name, arguments);
        if (!test.IsKnown && !guarded) unknown.Add(($"No test named '{name}'.", line));
        return isNegated ? new Not(test) : test;
    }

    /// <summary>A test may take one operand without parentheses: "x is divisibleby 3".</summary>
    bool StartsTestOperand()
    {
        if (IsName("is")) throw Fail("You cannot chain multiple tests with is");
        if (IsName("else") || IsName("or") || IsName("and")) return false;
        return Current.Kind is TokenKind.Name or TokenKind.String or TokenKind.Number || IsOperator("[") || IsOperator("{");
    }

    (string Name, int Line) ReadDottedName()
    {
        var line = Current.Line;
        var name = ExpectName();
        while (SkipOperator(".")) name += "." + ExpectName();
        return (name, line);
    }
}
