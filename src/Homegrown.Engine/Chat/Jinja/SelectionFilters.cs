namespace Homegrown.Engine.Chat.Jinja;

/// <summary>map, select and their like: filters and tests applied to each item, as late as the items are asked for.</summary>
static class SelectionFilters
{
    public static readonly FunctionTable Table = new()
    {
        { "map", "value *", call => new Generator(Map(call)) },
        { "reject", "value *", call => new Generator(Select(call, byAttribute: false, keeps: false)) },
        { "rejectattr", "value *", call => new Generator(Select(call, byAttribute: true, keeps: false)) },
        { "select", "value *", call => new Generator(Select(call, byAttribute: false, keeps: true)) },
        { "selectattr", "value *", call => new Generator(Select(call, byAttribute: true, keeps: true)) },
    };

    static IEnumerable<object?> Map(Call call)
    {
        if (!Operators.IsTrue(call[0])) yield break;
        var convert = Conversion(call);
        foreach (var item in call.Items(0)) yield return convert(item);
    }

    /// <summary>map(attribute="name", default=value) or map("filter", arguments of the filter).</summary>
    static Func<object?, object?> Conversion(Call call)
    {
        if (call.Rest.Count == 0 && call.Named.Remove("attribute", out var attribute))
        {
            call.Named.Remove("default", out var otherwise);
            if (call.Named.Count > 0) throw new TemplateException($"Unexpected keyword argument '{call.Named.Keys.First()}'");
            return Lookup.Path(attribute, otherwise);
        }
        if (call.Rest.Count == 0) throw new TemplateException("map requires a filter argument");
        var filter = Catalog.Filter(Printing.Str(call.Rest[0]).Value);
        return item => call.Run.Made(filter.Call(call.Run, new([item, .. call.Rest.Skip(1)], new(call.Named))));
    }

    static IEnumerable<object?> Select(Call call, bool byAttribute, bool keeps)
    {
        if (!Operators.IsTrue(call[0])) yield break;
        if (byAttribute && call.Rest.Count == 0) throw new TemplateException("Missing parameter for attribute name");
        var path = Lookup.Path(byAttribute ? call.Rest[0] : null);
        var given = call.Rest.Skip(byAttribute ? 1 : 0).ToList();
        var test = given.Count > 0 ? Catalog.Test(Printing.Str(given[0]).Value) : null;
        foreach (var item in call.Items(0))
        {
            var value = path(item);
            if (test is not null) value = test.Call(call.Run, new([value, .. given.Skip(1)], new(call.Named)));
            if (Operators.IsTrue(value) == keeps) yield return item;
        }
    }
}
