using System.Numerics;
using System.Runtime.CompilerServices;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>Python's operators on the values of templates. An operand that is undefined is an error, but not for == and truth.</summary>
static class Operators
{
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        Text or List<object?> or TupleValue or DictValue or DictView or RangeValue => Sequences.Length(value) > 0,
        _ => true,
    };

    public static object? Sign(object? value, bool negates) => value switch
    {
        double number => (object)(negates ? -number : number),
        _ when Numbers.IsIntegral(value) => negates ? -Numbers.AsInteger(value) : Numbers.AsInteger(value),
        Undefined undefined => throw undefined.Error,
        _ => throw new TemplateException($"bad operand type for unary {(negates ? '-' : '+')}: '{TypeNames.Of(value)}'"),
    };

    public static object? Add(object? left, object? right) => (left, right) switch
    {
        (Text a, Text b) when a.IsMarkup || b.IsMarkup => (Html.Escape(a) + Html.Escape(b)).AsMarkup(),
        (Text a, Text b) => a + b,
        (List<object?> a, List<object?> b) => (List<object?>)[.. a, .. b],
        (TupleValue a, TupleValue b) => new TupleValue([.. a.Items, .. b.Items]),
        (Text or List<object?> or TupleValue, not Undefined) =>
            throw new TemplateException($"can only concatenate {TypeNames.Of(left)} (not \"{TypeNames.Of(right)}\") to {TypeNames.Of(left)}"),
        _ => Arithmetic("+", left, right, (a, b) => a + b, (a, b) => a + b),
    };

    public static object? Subtract(object? left, object? right) => Arithmetic("-", left, right, (a, b) => a - b, (a, b) => a - b);

    public static object? Multiply(object? left, object? right)
    {
        if (Numbers.IsIntegral(left) && right is Text or List<object?> or TupleValue) (left, right) = (right, left);
        if (!Numbers.IsIntegral(right)) return Arithmetic("*", left, right, (a, b) => a * b, (a, b) => a * b);
        return left switch
        {
            Text text => new TextBuilder().Append(text, Numbers.AsInteger(right)).ToText().AsMarkup(text.IsMarkup),
            List<object?> list => Sequences.Repeat(list, Numbers.AsInteger(right)),
            TupleValue tuple => new TupleValue([.. Sequences.Repeat(tuple.Items, Numbers.AsInteger(right))]),
            _ => Arithmetic("*", left, right, (a, b) => a * b, (a, b) => a * b),
        };
    }

    public static object? Divide(object? left, object? right) =>
        Arithmetic("/", left, right, (a, b) => (double)a / NotZero(b), (a, b) => a / NotZero(b));

    public static object? FloorDivide(object? left, object? right) =>
        Arithmetic("//", left, right, (a, b) => (a - FloorModulo(a, b)) / b, (a, b) => Math.Round((a - FloorModulo(a, b)) / b));

    public static object? Modulo(object? left, object? right) => left is Text format
        ? PercentFormat.Format(format, right)
        : Arithmetic("%", left, right, (a, b) => FloorModulo(a, b), FloorModulo);

    public static object? Power(object? left, object? right) => Arithmetic("** or pow()", left, right, Numbers.Power, Numbers.Power);

    public static bool Compare(Run run, string symbol, object? left, object? right)
    {
        run.Read(right);
        return symbol switch
        {
            "==" => AreEqual(left, right),
            "!=" => !AreEqual(left, right),
            "in" => Sequences.Contains(run, right, left),
            "not in" => !Sequences.Contains(run, right, left),
            "<" => Order(symbol, left, right) < 0,
            "<=" => Order(symbol, left, right) <= 0,
            ">" => Order(symbol, left, right) > 0,
            _ => Order(symbol, left, right) >= 0,
        };
    }

    public static bool AreEqual(object? left, object? right)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return (left, right) switch
        {
            (Text a, Text b) => a.Value == b.Value,
            (Undefined, Undefined) => true,
            (List<object?> a, List<object?> b) => a.Count == b.Count && a.Zip(b).All(pair => AreEqual(pair.First, pair.Second)),
            (TupleValue a, TupleValue b) => a.Items.Length == b.Items.Length && a.Items.Zip(b.Items).All(pair => AreEqual(pair.First, pair.Second)),
            (DictValue a, DictValue b) => a.Count == b.Count && a.All(item => b.TryGet(item.Key, out var value) && AreEqual(item.Value, value)),
            (DictView a, DictView b) => a.Kind == b.Kind && a.Kind != "dict_values" && a.Count == b.Count && a.Items.All(b.Contains),
            (RangeValue a, RangeValue b) => a.Count == b.Count && Sequences.Items(a)!.SequenceEqual(Sequences.Items(b)!),
            _ when Numbers.IsNumber(left) && Numbers.IsNumber(right) => Numbers.Order(left!, right!) == 0,
            _ => ReferenceEquals(left, right),
        };
    }

    public static int Hash(object? value)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return value switch
        {
            Text text => text.Value.GetHashCode(StringComparison.Ordinal),
            bool or long => Numbers.AsInteger(value).GetHashCode(),
            double number => number == Math.Floor(number) && Math.Abs(number) < long.MaxValue ? ((long)number).GetHashCode() : number.GetHashCode(),
            TupleValue tuple => tuple.Items.Aggregate(17, (hash, item) => HashCode.Combine(hash, Hash(item))),
            Undefined => 1,
            List<object?> or DictValue => throw new TemplateException($"unhashable type: '{TypeNames.Of(value)}'"),
            null => 0,
            _ => value.GetHashCode(),
        };
    }

    /// <returns>Negative, 0 or positive; null, for which every comparison is false, beside a NaN.</returns>
    public static int? Order(string symbol, object? left, object? right)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (left is Undefined a) throw a.Error;
        if (right is Undefined b) throw b.Error;
        if (Numbers.IsNumber(left) && Numbers.IsNumber(right)) return Numbers.Order(left!, right!);
        if (left is Text one && right is Text two) return CompareCodePoints(one.Value, two.Value);
        if (left is List<object?> list && right is List<object?> list2) return OrderItems(symbol, list, list2);
        if (left is TupleValue tuple && right is TupleValue tuple2) return OrderItems(symbol, tuple.Items, tuple2.Items);
        throw new TemplateException($"'{symbol}' not supported between instances of '{TypeNames.Of(left)}' and '{TypeNames.Of(right)}'");
    }

    static int? OrderItems(string symbol, IReadOnlyList<object?> left, IReadOnlyList<object?> right)
    {
        for (var i = 0; i < left.Count && i < right.Count; i++)
            if (!AreEqual(left[i], right[i])) return Order(symbol, left[i], right[i]);
        return left.Count.CompareTo(right.Count);
    }

    /// <summary>Python orders by code point; UTF-16 puts surrogates before U+E000.</summary>
    static int CompareCodePoints(string left, string right)
    {
        var common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length) return left.Length.CompareTo(right.Length);
        var (a, b) = (left[common], right[common]);
        return char.IsSurrogate(a) != char.IsSurrogate(b) ? char.IsSurrogate(a).CompareTo(char.IsSurrogate(b)) : a.CompareTo(b);
    }

    static object Arithmetic(string symbol, object? left, object? right, Func<long, long, object> integers, Func<double, double, double> floats)
    {
        if (left is Undefined a) throw a.Error;
        if (right is Undefined b) throw b.Error;
        if (Numbers.IsIntegral(left) && Numbers.IsIntegral(right)) return integers(Numbers.AsInteger(left), Numbers.AsInteger(right));
        if (left is BigInteger || right is BigInteger) throw new OverflowException();
        if (Numbers.IsNumber(left) && Numbers.IsNumber(right)) return floats(Numbers.AsDouble(left), Numbers.AsDouble(right));
        throw new TemplateException($"unsupported operand type(s) for {symbol}: '{TypeNames.Of(left)}' and '{TypeNames.Of(right)}'");
    }

    /// <summary>The remainder with the divisor's sign.</summary>
    static T FloorModulo<T>(T left, T right) where T : INumber<T>
    {
        var remainder = left % NotZero(right);
        return !T.IsZero(remainder) && T.IsNegative(remainder) != T.IsNegative(right) ? remainder + right : remainder;
    }

    static T NotZero<T>(T divisor) where T : INumber<T> => T.IsZero(divisor) ? throw new TemplateException("division by zero") : divisor;
}
