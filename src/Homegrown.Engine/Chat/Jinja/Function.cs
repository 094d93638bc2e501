namespace Homegrown.Engine.Chat.Jinja;

interface ICallable
{
    object? Call(Run run, Arguments arguments);
}

/// <summary>The values a call gives. The lists belong to the call.</summary>
sealed record Arguments(List<object?> Positional, Dictionary<string, object?> Named)
{
    /// <summary>The one value of a call that takes one.</summary>
    public object? Only(string function) => Positional is [var value] && Named.Count == 0 ? value
        : throw new TemplateException($"{function}() takes exactly one argument ({Positional.Count + Named.Count} given)");
}

/// <summary>A function, filter, test or method of ours. A filter's value and a method's own object are its first argument.</summary>
/// <param name="signature">Parameters with spaces between; "?" marks an optional one, a last "*" takes whatever else is given.</param>
sealed class Function(string name, string signature, Func<Call, object?> body) : ICallable
{
    readonly bool takesRest = signature.EndsWith('*');

    readonly (string Name, bool IsOptional)[] parameters =
        [.. signature.TrimEnd('*').Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(parameter => (parameter.TrimEnd('?'), parameter.EndsWith('?')))];

    public object? Call(Run run, Arguments arguments)
    {
        var count = parameters.Length;
        if (!takesRest && arguments.Positional.Count > count)
            throw new TemplateException($"{name}() takes at most {count} arguments ({arguments.Positional.Count} given)");
        var values = new object?[count];
        for (var i = 0; i < count; i++) run.Read(values[i] = Take(arguments, i));
        if (!takesRest && arguments.Named.Count > 0)
            throw new TemplateException($"{name}() got an unexpected keyword argument '{arguments.Named.Keys.First()}'");
        return body(new(run, name, values, arguments.Positional.Count > count ? arguments.Positional[count..] : [], arguments.Named));
    }

    public override string ToString() => $"<function {name}>";

    object? Take(Arguments arguments, int index)
    {
        var (parameter, isOptional) = parameters[index];
        var isNamed = arguments.Named.Remove(parameter, out var value);
        if (index < arguments.Positional.Count && isNamed) throw new TemplateException($"{name}() got multiple values for argument '{parameter}'");
        if (index < arguments.Positional.Count) return arguments.Positional[index];
        if (isNamed) return value;
        return isOptional ? Lookup.Missing : throw new TemplateException($"{name}() missing required argument '{parameter}'");
    }
}

/// <summary>A function with its first argument given: a method of an object.</summary>
sealed class Method(Function function, object? self) : ICallable
{
    public object? Call(Run run, Arguments arguments)
    {
        arguments.Positional.Insert(0, self);
        return function.Call(run, arguments);
    }

    public override string ToString() => $"<built-in method of {TypeNames.Of(self)} object>";
}

/// <summary>A call in progress: the arguments by position, of the type that the function needs.</summary>
/// <param name="Rest">What a "*" took.</param>
sealed record Call(Run Run, string Name, object?[] Values, List<object?> Rest, Dictionary<string, object?> Named)
{
    public object? this[int index] => Values[index];

    public bool Has(int index) => Values[index] != Lookup.Missing;

    public object? Or(int index, object? otherwise) => Has(index) ? Values[index] : otherwise;

    /// <summary>Given, and not None.</summary>
    public bool IsGiven(int index) => Has(index) && Values[index] is not null;

    /// <summary>As a string, whatever it is: what filters do with their value.</summary>
    public Text Str(int index) => Printing.Str(Values[index]);

    public Text AsText(int index) => Values[index] switch
    {
        Text text => text,
        Undefined undefined => throw undefined.Error,
        var other => throw new TemplateException($"{Name}() argument {index + 1} must be str, not {TypeNames.Of(other)}"),
    };

    public Text AsText(int index, string otherwise) => Has(index) ? AsText(index) : Text.Literal(otherwise);

    public long Integer(int index) => Numbers.AsInteger(Values[index]);

    public long Integer(int index, long otherwise) => Has(index) ? Integer(index) : otherwise;

    public bool Flag(int index, bool otherwise = false) => Has(index) ? Operators.IsTrue(Values[index]) : otherwise;

    public IEnumerable<object?> Items(int index) => Run.Iterate(Values[index]);
}

/// <summary>Functions by name, written as rows: name, signature, body.</summary>
sealed class FunctionTable : Dictionary<string, Function>
{
    public void Add(string name, string signature, Func<Call, object?> body) => Add(name, new Function(name, signature, body));

    /// <summary>One function of several names.</summary>
    public void Add((string[] Names, Function Function) row)
    {
        foreach (var name in row.Names) Add(name, row.Function);
    }
}
