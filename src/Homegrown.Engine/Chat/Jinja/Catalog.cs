namespace Homegrown.Engine.Chat.Jinja;

/// <summary>The filters, tests and global functions that templates may name.</summary>
static class Catalog
{
    public static readonly FunctionTable Filters = Merge(TextFilters.Table, NumberFilters.Table, SequenceFilters.Table, SelectionFilters.Table);

    public static FunctionTable Tests => JinjaTests.Table;

    /// <summary>Names that every template sees: a table of the caller's variables goes before them.</summary>
    public static FunctionTable Globals => GlobalFunctions.Table;

    public static Function Filter(string name) => Filters.GetValueOrDefault(name) ?? throw new TemplateException($"No filter named '{name}'.");

    public static Function Test(string name) => Tests.GetValueOrDefault(name) ?? throw new TemplateException($"No test named '{name}'.");

    static FunctionTable Merge(params FunctionTable[] tables)
    {
        var all = new FunctionTable();
        foreach (var (name, function) in tables.SelectMany(table => table)) all.Add(name, function);
        return all;
    }
}
