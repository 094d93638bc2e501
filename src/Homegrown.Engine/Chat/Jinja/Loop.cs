namespace Homegrown.Engine.Chat.Jinja;

/// <summary>{% for target in items if test recursive %}body{% else %}otherwise{% endfor %}</summary>
sealed class For(Target target, Expression items, Expression? test, bool isRecursive, Body body, Body? otherwise, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        Go(scope, items.Evaluate(scope), depth: 0, output);
        return Flow.Next;
    }

    void Go(Scope scope, object? over, int depth, TextBuilder output)
    {
        var passing = test is null ? scope.Run.Iterate(over) : Passing(scope, over);
        using var loop = new LoopContext(passing, test is null ? over : null, depth, isRecursive ? Recurse : null);
        var completed = false;
        while (loop.MoveNext())
        {
            var inner = scope.Inner();
            inner.Set("loop", loop);
            target.Assign(inner, loop.Current);
            var flow = body.Execute(inner, output);
            if (flow == Flow.Break) break;
            completed |= flow == Flow.Next;
        }
        // Jinja2 runs the else part unless a pass went to its end: after a break or continue in the only pass, too.
        if (!completed) otherwise?.Execute(scope.Inner(), output);

        Text Recurse(object? nested) => scope.Run.Nested(() =>
        {
            var text = new TextBuilder();
            Go(scope, nested, depth + 1, text);
            return text.ToText();
        });
    }

    /// <summary>The items that pass the test, which is asked as late as the loop needs to know.</summary>
    IEnumerable<object?> Passing(Scope scope, object? over)
    {
        foreach (var item in scope.Run.Iterate(over))
        {
            var inner = scope.Inner();
            target.Assign(inner, item);
            if (Operators.IsTrue(test!.Evaluate(inner))) yield return item;
        }
    }
}

/// <summary>The variable "loop" of a for loop. It reads one item ahead only when last, nextitem or a length is asked for.</summary>
/// <param name="sized">What the items come from, if that tells how many they are.</param>
/// <param name="recurse">Renders the loop's body over other items; null where the loop is not recursive.</param>
sealed class LoopContext(IEnumerable<object?> items, object? sized, int depth0, Func<object?, Text>? recurse) : IHasAttributes, ICallable, IDisposable
{
    readonly IEnumerator<object?> source = items.GetEnumerator();
    readonly Queue<object?> ahead = [];
    int index0 = -1;
    object? previous;
    TupleValue? lastChanged;
    int? length;

    public object? Current { get; private set; }

    int Length
    {
        get
        {
            if (length is { } known) return known;
            if (sized is not (null or Generator or Undefined)) return (length = (int)Sequences.Length(sized)).Value;
            while (source.MoveNext()) ahead.Enqueue(source.Current);
            return (length = index0 + 1 + ahead.Count).Value;
        }
    }

    bool IsLast => !Peek();

    public bool MoveNext()
    {
        if (!Peek()) return false;
        (previous, Current) = (Current, ahead.Dequeue());
        index0++;
        return true;
    }

    public object? Attribute(string name) => name switch
    {
        "index" => index0 + 1L,
        "index0" => (long)index0,
        "revindex" => (long)Length - index0,
        "revindex0" => (long)Length - index0 - 1,
        "first" => index0 == 0,
        "last" => IsLast,
        "length" => (long)Length,
        "depth" => depth0 + 1L,
        "depth0" => (long)depth0,
        "previtem" => index0 == 0 ? new Undefined("there is no previous item") : previous,
        "nextitem" => IsLast ? new Undefined("there is no next item") : ahead.Peek(),
        "cycle" => new Function("cycle", "*", Cycle),
        "changed" => new Function("changed", "*", call => Changed(call)),
        _ => Lookup.Missing,
    };

    public object? Call(Run run, Arguments arguments)
    {
        if (recurse is null) throw new TemplateException("The loop must have the 'recursive' marker to be called recursively.");
        return recurse(arguments.Only("loop"));
    }

    public void Dispose() => source.Dispose();

    public override string ToString() => $"<LoopContext {index0 + 1}/{Length}>";

    bool Peek()
    {
        if (ahead.Count == 0 && source.MoveNext()) ahead.Enqueue(source.Current);
        return ahead.Count > 0;
    }

    object? Cycle(Call call) => call.Rest is { Count: > 0 } values ? values[index0 % values.Count] : throw new TemplateException("no items for cycling given");

    bool Changed(Call call)
    {
        var value = new TupleValue([.. call.Rest]);
        if (lastChanged is not null && Operators.AreEqual(lastChanged, value)) return false;
        lastChanged = value;
        return true;
    }
}
