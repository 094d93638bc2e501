using System.Runtime.CompilerServices;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>How a body ended: break and continue travel up to their loop.</summary>
enum Flow
{
    Next,
    Break,
    Continue,
}

/// <summary>A node of the template's body: data, a print, a block tag.</summary>
abstract class Statement(int line)
{
    public int Line { get; } = line;

    public abstract Flow Execute(Scope scope, TextBuilder output);
}

/// <summary>Statements in a row.</summary>
sealed class Body(Statement[] statements)
{
    public Flow Execute(Scope scope, TextBuilder output)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        foreach (var statement in statements)
        {
            try
            {
                var flow = statement.Execute(scope, output);
                if (flow != Flow.Next) return flow;
            }
            catch (TemplateException problem) when (problem.Line == 0)
            {
                throw new TemplateException(problem.Problem, statement.Line, problem);
            }
            catch (OverflowException problem)
            {
                throw new TemplateException("a number goes beyond 64 bits", statement.Line, problem);
            }
        }
        return Flow.Next;
    }

    /// <summary>What the body prints, as a value.</summary>
    public Text Capture(Scope scope) => Capture(scope, out _);

    public Text Capture(Scope scope, out Flow flow)
    {
        var output = new TextBuilder();
        flow = Execute(scope, output);
        return output.ToText();
    }
}

sealed class Data(string text, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        output.Append(text);
        return Flow.Next;
    }
}

sealed class Print(Expression value, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        output.Append(Printing.Str(value.Evaluate(scope)));
        return Flow.Next;
    }
}

sealed class If((Expression Test, Body Then)[] branches, Body? otherwise, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        foreach (var (test, then) in branches)
            if (Operators.IsTrue(test.Evaluate(scope))) return then.Execute(scope, output);
        return otherwise?.Execute(scope, output) ?? Flow.Next;
    }
}

sealed class SetValue(Target target, Expression value, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        target.Assign(scope, value.Evaluate(scope));
        return Flow.Next;
    }
}

/// <summary>{% set x %}...{% endset %}, with filters perhaps.</summary>
sealed class SetBlock(Target target, Filtered? filter, Body body, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        var inner = scope.Inner();
        var text = body.Capture(inner, out var flow);
        if (flow == Flow.Next) target.Assign(scope, filter is null ? text : filter.ApplyToBlock(inner, text));
        return flow;
    }
}

sealed class With((Target Target, Expression Value)[] values, Body body, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        var inner = scope.Inner();
        foreach (var (target, value) in values) target.Assign(inner, value.Evaluate(scope));
        return body.Execute(inner, output);
    }
}

sealed class FilterBlock(Filtered filter, Body body, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, TextBuilder output)
    {
        var inner = scope.Inner();
        var text = body.Capture(inner, out var flow);
        if (flow == Flow.Next) output.Append(Printing.Str(filter.ApplyToBlock(inner, text)));
        return flow;
    }
}

/// <summary>A part with names of its own: {% block %}, and {% generation %}, which marks the assistant's tokens for training.</summary>
sealed class Scoped(Body body, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, TextBuilder output) => body.Execute(scope.Inner(), output);
}

sealed class Jump(Flow flow, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, TextBuilder output) => flow;
}

/// <summary>A tag that reads other templates: a chat template has none beside it.</summary>
sealed class Refused(string tag, int line) : Statement(line)
{
    public override Flow Execute(Scope scope, TextBuilder output) =>
        throw new TemplateException($"'{tag}' reads another template, and a chat template stands alone", Line);
}
