using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Homegrown.Cli.Commands;

/// <summary>homegrown list: the models that can be called by name.</summary>
static class List
{
    public static Command Create(Terminal terminal)
    {
        var verb = new Verb("list", "Lists the models that can be called by name.",
            "homegrown list",
            "HOMEGROWN_MODELS=/data/models homegrown list --json");
        var json = new Option<bool>("--json") { Description = "Print a JSON array: name, path, bytes, embedded." };
        verb.Add(json);
        verb.SetAction(parsed =>
        {
            var store = ModelStore.Of(terminal);
            if (parsed.GetValue(json)) terminal.Out.WriteLine(Json.Line(ToJson(store)));
            else Print(store, terminal);
            return ExitCode.Ok;
        });
        return verb;
    }

    static JsonArray ToJson(ModelStore store) => new([.. store.List().Select(model => new JsonObject
    {
        ["name"] = model.Name,
        ["path"] = model.Path,
        ["bytes"] = model.Bytes,
        ["embedded"] = model.Embedded,
    })]);

    static void Print(ModelStore store, Terminal terminal)
    {
        var table = new Table().Border(TableBorder.None).AddColumns("name", "size", "path");
        table.Columns[1].RightAligned();
        foreach (var model in store.List()) table.AddRow(Markup.Escape(model.Name), ByteSize.Text(model.Bytes), Markup.Escape(model.Path));
        terminal.Console.Write(table);
        if (!Directory.Exists(store.Folder))
            terminal.Note($"Put GGUF files into {store.Folder} (or the folder that HOMEGROWN_MODELS names) to call them by name.");
    }
}
