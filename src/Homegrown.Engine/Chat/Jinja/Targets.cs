using System.Runtime.CompilerServices;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>What stands left of "=" or before "in".</summary>
abstract class Target
{
    public abstract void Assign(Scope scope, object? value);
}

sealed class NameTarget(string name) : Target
{
    public override void Assign(Scope scope, object? value) => scope.Set(name, value);
}

/// <summary>namespace.attribute</summary>
sealed class NamespaceTarget(string name, string attribute) : Target
{
    public override void Assign(Scope scope, object? value)
    {
        if (!scope.TryGet(name, out var holder) || holder is not Namespace space)
            throw new TemplateException("cannot assign attribute on non-namespace object");
        space.Attributes[Text.Literal(attribute)] = value;
    }
}

sealed class TupleTarget(Target[] targets) : Target
{
    public override void Assign(Scope scope, object? value)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var items = Sequences.Items(value) ?? throw new TemplateException($"cannot unpack non-iterable {TypeNames.Of(value)} object");
        // One more than wanted is enough to see that there are too many.
        var values = items.Take(targets.Length + 1).ToList();
        if (values.Count > targets.Length) throw new TemplateException($"too many values to unpack (expected {targets.Length})");
        if (values.Count < targets.Length) throw new TemplateException($"not enough values to unpack (expected {targets.Length}, got {values.Count})");
        for (var i = 0; i < targets.Length; i++) targets[i].Assign(scope, values[i]);
    }
}
