using System.Runtime.CompilerServices;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>The arguments as they stand in a call: (a, name=b, *list, **dict).</summary>
sealed record ArgumentList(Expression[] Positional, (string Name, Expression Value)[] Named, Expression? Spread, Expression? NamedSpread)
{
    public static readonly ArgumentList None = new([], [], null, null);

    /// <param name="first">A filter's or test's value, which comes before the written arguments.</param>
    public Arguments Evaluate(Scope scope, params ReadOnlySpan<object?> first)
    {
        var arguments = new Arguments([.. first], []);
        foreach (var expression in Positional) arguments.Positional.Add(expression.Evaluate(scope));
        foreach (var (name, value) in Named) Add(arguments, name, value.Evaluate(scope));
        if (Spread is not null) arguments.Positional.AddRange(scope.Run.Iterate(Spread.Evaluate(scope)));
        if (NamedSpread is null) return arguments;
        var named = NamedSpread.Evaluate(scope);
        if (named is not DictValue dict) throw new TemplateException($"argument after ** must be a mapping, not {TypeNames.Of(named)}");
        foreach (var (key, value) in dict) Add(arguments, key is Text name ? name.Value : throw new TemplateException("keywords must be strings"), value);
        return arguments;
    }

    static void Add(Arguments arguments, string name, object? value)
    {
        if (!arguments.Named.TryAdd(name, value)) throw new TemplateException($"got multiple values for keyword argument '{name}'");
    }
}

sealed class CallOf(Expression target, ArgumentList arguments) : Expression
{
    protected override object? Compute(Scope scope) => Compute(scope, null);

    /// <param name="caller">The body of a call block, which the macro sees as caller.</param>
    public object? Compute(Scope scope, Macro? caller)
    {
        var function = target.Evaluate(scope);
        var given = arguments.Evaluate(scope);
        if (caller is not null) given.Named["caller"] = caller;
        return scope.Run.Made(function switch
        {
            ICallable callable => callable.Call(scope.Run, given),
            Undefined undefined => throw undefined.Error,
            _ => throw new TemplateException($"'{TypeNames.Of(function)}' object is not callable"),
        });
    }
}

/// <param name="value">Null where the value is a block's text, which <see cref="Apply"/> gets.</param>
sealed class Filtered(Expression? value, string name, ArgumentList arguments) : Expression
{
    /// <summary>Null where no filter has the name: it fails only when it runs.</summary>
    public bool IsKnown { get; } = Catalog.Filters.ContainsKey(name);

    protected override object? Compute(Scope scope) => Apply(scope, value!.Evaluate(scope));

    /// <summary>Applies the whole chain of filters to a block's text.</summary>
    public object? ApplyToBlock(Scope scope, Text text)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return Apply(scope, value is Filtered inner ? inner.ApplyToBlock(scope, text) : text);
    }

    object? Apply(Scope scope, object? to) => scope.Run.Made(Catalog.Filter(name).Call(scope.Run, arguments.Evaluate(scope, to)));
}

sealed class Tested(Expression value, string name, ArgumentList arguments) : Expression
{
    public bool IsKnown { get; } = Catalog.Tests.ContainsKey(name);

    protected override object? Compute(Scope scope) =>
        Operators.IsTrue(Catalog.Test(name).Call(scope.Run, arguments.Evaluate(scope, value.Evaluate(scope))));
}
