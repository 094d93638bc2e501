using System.Runtime.CompilerServices;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>
/// What one rendering may still spend. A template comes with a foreign file: its loops, its strings and its recursion are
/// bounded, far above what the longest conversation needs.
/// </summary>
sealed class Run(TimeProvider clock)
{
    /// <summary>Passes of loops, items that filters go through and items of lists that are made.</summary>
    const long MaxSteps = 10_000_000;

    /// <summary>What a macro's call costs beside a pass of a loop.</summary>
    const int CallSteps = 10;

    /// <summary>UTF-16 units of all strings that are made, discarded ones included.</summary>
    const long MaxCharacters = 1L << 31;

    /// <summary>Macros and recursive loops within each other.</summary>
    const int MaxDepth = 200;

    long steps;
    long characters;
    int depth;

    public TimeProvider Clock { get; } = clock;

    /// <summary>Counts a new value against the budget.</summary>
    public object? Made(object? value)
    {
        if (value is Text text) Characters(text.Value.Length);
        else if (value is List<object?> or TupleValue or DictValue) Spend(Sequences.Length(value));
        return value;
    }

    /// <summary>Counts what an operation goes through without making anything of it: far cheaper than copying it.</summary>
    public void Read(object? value)
    {
        if (value is Text text) Characters(text.Value.Length / 8);
        else if (value is List<object?> or TupleValue) Spend(Sequences.Length(value) / 8);
    }

    public void Spend(long count)
    {
        steps += count;
        if (steps > MaxSteps) throw new TemplateException($"the template takes more than {MaxSteps} steps: does a loop never end?");
    }

    /// <summary>The values that a for loop or a filter goes through.</summary>
    /// <exception cref="TemplateException">It is not something to iterate.</exception>
    public IEnumerable<object?> Iterate(object? value)
    {
        var items = Sequences.Items(value) ?? throw new TemplateException($"'{TypeNames.Of(value)}' object is not iterable");
        return Counted(items);
    }

    /// <summary>Runs a macro's or a recursive loop's body one level down.</summary>
    public Text Nested(Func<Text> body)
    {
        Spend(CallSteps);
        if (++depth > MaxDepth) throw new TemplateException($"macros or recursive loops call each other more than {MaxDepth} levels deep");
        try { return body(); }
        finally { depth--; }
    }

    void Characters(long count)
    {
        characters += count;
        if (characters > MaxCharacters) throw new TemplateException($"the template goes through more than {MaxCharacters} characters of strings");
    }

    IEnumerable<object?> Counted(IEnumerable<object?> items)
    {
        using var source = items.GetEnumerator();
        while (true)
        {
            // Filters of filters of filters: the chain is as long as the template's loops made it.
            RuntimeHelpers.EnsureSufficientExecutionStack();
            if (!source.MoveNext()) yield break;
            Spend(1);
            yield return source.Current;
        }
    }
}
