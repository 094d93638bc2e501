namespace Homegrown.Engine.Chat.Jinja;

/// <summary>What a macro takes. A default is evaluated at each call, where it sees the parameters before it.</summary>
/// <param name="Specials">Which of caller, kwargs and varargs the body reads: only a macro that reads them accepts what goes there.</param>
sealed record Signature((string Name, Expression? Default)[] Parameters, IReadOnlySet<string> Specials);

sealed class MacroDefinition(string name, Signature signature, Body body, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        scope.Set(name, new Macro(name, signature, body, scope));
        return Flow.Next;
    }
}

/// <summary>{% call(parameters) macro(arguments) %}body{% endcall %}: the macro gets the body as caller().</summary>
sealed class CallBlock(Signature signature, CallOf call, Body body, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        output.Append(Printing.Str(call.Compute(scope, new Macro("caller", signature, body, scope))));
        return Flow.Next;
    }
}

/// <summary>A macro with the scope it was written in, whose names it sees as they are when it is called.</summary>
sealed class Macro(string name, Signature signature, Body body, Scope definedIn) : ICallable, IHasAttributes
{
    public object? Call(Run run, Arguments arguments)
    {
        var scope = definedIn.Inner();
        return run.Nested(() =>
        {
            Bind(scope, arguments);
            return body.Capture(scope);
        });
    }

    public object? Attribute(string attribute) => attribute switch
    {
        "name" => Text.Literal(name),
        "arguments" => new TupleValue([.. signature.Parameters.Select(parameter => Text.Literal(parameter.Name))]),
        "caller" => signature.Specials.Contains("caller"),
        "catch_kwargs" => signature.Specials.Contains("kwargs"),
        "catch_varargs" => signature.Specials.Contains("varargs"),
        _ => Lookup.Missing,
    };

    public override string ToString() => $"<Macro '{name}'>";

    void Bind(Scope scope, Arguments given)
    {
        var named = new Dictionary<string, object?>(given.Named);
        var count = signature.Parameters.Length;
        var missing = new List<(string Name, Expression? Default)>();
        for (var i = 0; i < count; i++)
        {
            var (parameter, otherwise) = signature.Parameters[i];
            if (i < given.Positional.Count) scope.Set(parameter, given.Positional[i]);
            else if (named.Remove(parameter, out var value)) scope.Set(parameter, value);
            else
            {
                missing.Add((parameter, otherwise));
                // A default does not see the name it is for, nor a later one, in the scope around the macro.
                scope.Set(parameter, new Undefined(otherwise is null ? $"parameter '{parameter}' was not provided" : $"'{parameter}' is undefined"));
            }
        }
        foreach (var (parameter, otherwise) in missing)
            if (otherwise is not null) scope.Set(parameter, otherwise.Evaluate(scope));

        if (signature.Specials.Contains("caller"))
            scope.Set("caller", named.Remove("caller", out var caller) && caller is not null ? caller : new Undefined("No caller defined"));
        if (signature.Specials.Contains("kwargs")) scope.Set("kwargs", DictValue.From(named));
        else if (named.ContainsKey("caller")) throw new TemplateException($"macro '{name}' does not call its caller, and is given one");
        else if (named.Count > 0) throw new TemplateException($"macro '{name}' takes no keyword argument '{named.Keys.First()}'");
        if (signature.Specials.Contains("varargs")) scope.Set("varargs", new TupleValue([.. given.Positional.Skip(count)]));
        else if (given.Positional.Count > count) throw new TemplateException($"macro '{name}' takes not more than {count} argument(s)");
    }
}
