using System.Numerics;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>Jinja2's tests, what stands after "is" ("List of Builtin Tests").</summary>
static class JinjaTests
{
    public static readonly FunctionTable Table = new()
    {
        { "boolean", "value", call => call[0] is bool },
        { "callable", "value", call => call[0] is ICallable or Undefined },
        { "defined", "value", call => call[0] is not Undefined },
        { "divisibleby", "value num", call => Operators.AreEqual(Operators.Modulo(call[0], call[1]), 0L) },
        { "escaped", "value", call => call[0] is Text { IsMarkup: true } },
        { "even", "value", call => Operators.AreEqual(Operators.Modulo(call[0], 2L), 0L) },
        { "false", "value", call => call[0] is false },
        { "filter", "value", call => call[0] is Text name && Catalog.Filters.ContainsKey(name.Value) },
        { "float", "value", call => call[0] is double },
        { "in", "value seq", call => Sequences.Contains(call.Run, call[1], call[0]) },
        { "integer", "value", call => call[0] is long or BigInteger },
        { "iterable", "value", call => Sequences.Items(call[0]) is not null },
        { "lower", "value", call => Casing.IsLower(call.Str(0).Value) },
        { "mapping", "value", call => call[0] is DictValue },
        { "none", "value", call => call[0] is null },
        { "number", "value", call => Numbers.IsNumber(call[0]) },
        { "odd", "value", call => Operators.AreEqual(Operators.Modulo(call[0], 2L), 1L) },
        { "sameas", "value other", call => IsSame(call[0], call[1]) },
        { "sequence", "value", call => call[0] is Text or List<object?> or TupleValue or DictValue or RangeValue or Undefined },
        { "string", "value", call => call[0] is Text },
        { "test", "value", call => call[0] is Text name && Table!.ContainsKey(name.Value) },
        { "true", "value", call => call[0] is true },
        { "undefined", "value", call => call[0] is Undefined },
        { "upper", "value", call => Casing.IsUpper(call.Str(0).Value) },
        Comparison("==", "eq", "equalto"),
        Comparison("!=", "ne"),
        Comparison(">", "gt", "greaterthan"),
        Comparison(">=", "ge"),
        Comparison("<", "lt", "lessthan"),
        Comparison("<=", "le"),
    };

    static (string[], Function) Comparison(string symbol, params string[] names) =>
        ([symbol, .. names], new Function(symbol, "value other", call => Operators.Compare(call.Run, symbol, call[0], call[1])));

    /// <summary>The same object; of equal small values Python keeps one, so those are the same, too.</summary>
    static bool IsSame(object? left, object? right) => ReferenceEquals(left, right)
        || (left is bool or long or Text && left.GetType() == right?.GetType() && Operators.AreEqual(left, right));
}
