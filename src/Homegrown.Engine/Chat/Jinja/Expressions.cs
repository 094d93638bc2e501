using System.Runtime.CompilerServices;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>
/// A node of an expression's tree. Values are null (None), bool, long, double, BigInteger (passed through only), <see cref="Text"/>,
/// List, <see cref="TupleValue"/>, <see cref="DictValue"/> and the few types of this folder that a template can hold.
/// </summary>
abstract class Expression
{
    public object? Evaluate(Scope scope)
    {
        // A tree as deep as its source allows must end in an error, not in the end of the process.
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return Compute(scope);
    }

    protected abstract object? Compute(Scope scope);
}

sealed class Literal(object? value) : Expression
{
    public object? Value { get; } = value;

    protected override object? Compute(Scope scope) => Value;
}

sealed class Name(string name) : Expression
{
    protected override object? Compute(Scope scope) => scope.TryGet(name, out var value) ? value : new Undefined($"'{name}' is undefined");
}

sealed class ListOf(Expression[] items) : Expression
{
    protected override object? Compute(Scope scope)
    {
        var list = new List<object?>(items.Length);
        foreach (var item in items) list.Add(item.Evaluate(scope));
        return list;
    }
}

sealed class TupleOf(Expression[] items) : Expression
{
    protected override object? Compute(Scope scope) => new TupleValue(Array.ConvertAll(items, item => item.Evaluate(scope)));
}

sealed class DictOf((Expression Key, Expression Value)[] items) : Expression
{
    protected override object? Compute(Scope scope)
    {
        var dict = new DictValue();
        foreach (var (key, value) in items) dict[key.Evaluate(scope)] = value.Evaluate(scope);
        return dict;
    }
}

sealed class AttributeOf(Expression target, string name) : Expression
{
    protected override object? Compute(Scope scope) => Lookup.Attribute(target.Evaluate(scope), name);
}

sealed class ItemOf(Expression target, Expression key) : Expression
{
    protected override object? Compute(Scope scope) => Lookup.Item(target.Evaluate(scope), key.Evaluate(scope));
}

sealed class SliceOf(Expression target, Expression? start, Expression? stop, Expression? step) : Expression
{
    protected override object? Compute(Scope scope)
    {
        var value = target.Evaluate(scope);
        return scope.Run.Made(Sequences.Slice(value, start?.Evaluate(scope), stop?.Evaluate(scope), step?.Evaluate(scope)));
    }
}

sealed class Unary(Expression operand, bool negates) : Expression
{
    protected override object? Compute(Scope scope) => Operators.Sign(operand.Evaluate(scope), negates);
}

sealed class Not(Expression operand) : Expression
{
    protected override object? Compute(Scope scope) => !Operators.IsTrue(operand.Evaluate(scope));
}

sealed class Binary(Expression left, Func<object?, object?, object?> operation, Expression right) : Expression
{
    protected override object? Compute(Scope scope) => scope.Run.Made(operation(left.Evaluate(scope), right.Evaluate(scope)));
}

/// <summary>a ~ b ~ c: the operands as strings, joined.</summary>
sealed class Concat(Expression[] parts) : Expression
{
    protected override object? Compute(Scope scope)
    {
        var text = new TextBuilder();
        foreach (var part in parts) text.Append(Printing.Str(part.Evaluate(scope)));
        return scope.Run.Made(text.ToText());
    }
}

/// <summary>Python's chain: each operand is evaluated once, a comparison that fails ends the chain.</summary>
sealed class Compare(Expression first, (string Symbol, Expression Operand)[] rest) : Expression
{
    protected override object? Compute(Scope scope)
    {
        var left = first.Evaluate(scope);
        foreach (var (symbol, operand) in rest)
        {
            var right = operand.Evaluate(scope);
            if (!Operators.Compare(scope.Run, symbol, left, right)) return false;
            left = right;
        }
        return true;
    }
}

sealed class And(Expression left, Expression right) : Expression
{
    protected override object? Compute(Scope scope) => left.Evaluate(scope) is var value && Operators.IsTrue(value) ? right.Evaluate(scope) : value;
}

sealed class Or(Expression left, Expression right) : Expression
{
    protected override object? Compute(Scope scope) => left.Evaluate(scope) is var value && Operators.IsTrue(value) ? value : right.Evaluate(scope);
}

sealed class Conditional(Expression test, Expression then, Expression? otherwise, int line) : Expression
{
    protected override object? Compute(Scope scope) =>
        Operators.IsTrue(test.Evaluate(scope)) ? then.Evaluate(scope)
        : otherwise is not null ? otherwise.Evaluate(scope)
        : new Undefined($"the inline if-expression on line {line} evaluated to false and no else section was defined.");
}
