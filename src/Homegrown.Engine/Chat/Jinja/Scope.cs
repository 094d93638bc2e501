namespace Homegrown.Engine.Chat.Jinja;

/// <summary>
/// The names of a loop's pass, a macro's call or a with block; a name is looked up outwards from where it is written, and set
/// always innermost. That is why a set within a loop is gone after it, and why namespace exists.
/// </summary>
sealed class Scope(Run run, Scope? parent)
{
    readonly Scope? parent = parent;
    Dictionary<string, object?>? names;

    public Run Run { get; } = run;

    public Scope Inner() => new(Run, this);

    public bool TryGet(string name, out object? value)
    {
        for (var scope = this; scope is not null; scope = scope.parent)
            if (scope.names is not null && scope.names.TryGetValue(name, out value)) return true;
        value = null;
        return false;
    }

    public void Set(string name, object? value) => (names ??= [])[name] = value;
}
