using System.CommandLine;
using System.Text.Json.Nodes;
using Homegrown.Cli.Options;
using Homegrown.Engine.Formats;
using Spectre.Console;

namespace Homegrown.Cli.Commands;

/// <summary>homegrown inspect: what is in a model file, and the memory that it will take.</summary>
static class Inspect
{
    // Longer arrays (vocabularies) are counted, not shown.
    const int ShownElements = 16;

    public static Command Create(Terminal terminal)
    {
        var verb = new Verb("inspect", "Shows a model file: metadata, tensors, predicted memory. Reads its directory only.",
            "homegrown inspect model.gguf",
            "homegrown inspect model.gguf --tensors --json");
        var model = ModelOptions.Argument(terminal);
        var context = Numbers.AtLeast("--ctx", 0, "Positions to predict the cache for; 0 takes the model's own length.");
        var tensors = new Option<bool>("--tensors") { Description = "List every tensor." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        verb.Add(model);
        foreach (var option in (ReadOnlySpan<Option>)[context, tensors, json]) verb.Add(option);
        verb.SetAction(parsed =>
        {
            var path = ModelStore.Of(terminal).Resolve(parsed.GetValue(model));
            if (Directory.Exists(path)) throw new UsageException($"{path} is a folder: inspect reads GGUF files so far. 'homegrown run' and 'serve' take folders.");
            using var progress = new ProgressLine(terminal, $"reading {Path.GetFileName(path)}");
            using var file = GgufFile.Open(path);
            var summary = new ModelSummary(file);
            progress.Dispose();
            var positions = parsed.GetValue(context) is > 0 and var given ? given : summary.ContextLength;
            var all = parsed.GetValue(tensors);
            if (parsed.GetValue(json)) terminal.Out.WriteLine(Json.Line(ToJson(file, summary, positions, all)));
            else Print(file, summary, positions, all, terminal.Console);
            return ExitCode.Ok;
        });
        return verb;
    }

    static void Print(GgufFile file, ModelSummary summary, long positions, bool tensors, IAnsiConsole console)
    {
        console.Write(Table(["key", "type", "value"], file.Metadata.Values.Select(value => new[] { value.Name, value.TypeName, value.Preview() })));
        console.WriteLine();
        console.Write(Table(["stored as", "tensors", "values", "size"],
            summary.Types.Select(type => new[] { $"{type.Type}", $"{type.Tensors}", $"{type.Values:N0}", ByteSize.Text(type.Bytes) })));
        console.WriteLine();
        if (tensors)
        {
            console.Write(Table(["tensor", "stored as", "shape", "size"], file.Tensors.Select(tensor => new[]
            {
                tensor.Name, $"{tensor.Type}", $"[{string.Join(", ", tensor.Dimensions.Reverse())}]", ByteSize.Text(tensor.Bytes),
            })));
            console.WriteLine();
        }
        var cache = summary.CacheBytesPerPosition * positions;
        var parts = $"weights {ByteSize.Text(summary.WeightBytes)}, cache {ByteSize.Text(cache)} for {positions:N0} positions";
        console.Write(Table(["", ""], [
            ["file", $"{file.Paths[0]}{(file.Paths.Count > 1 ? $" and {file.Paths.Count - 1} more" : "")}, GGUF v{file.Version}, {ByteSize.Text(file.Bytes)}"],
            ["model", $"{summary.Architecture}, {summary.Parameters:N0} parameters"],
            ["memory", $"{ByteSize.Text(summary.WeightBytes + cache)}: {parts}"],
        ]).HideHeaders());
    }

    static Table Table(string[] columns, IEnumerable<string[]> rows)
    {
        var table = new Table().Border(TableBorder.None).AddColumns(columns);
        foreach (var row in rows) table.AddRow([.. row.Select(cell => Markup.Escape(Printable.Of(cell)))]);
        return table;
    }

    static JsonObject ToJson(GgufFile file, ModelSummary summary, long positions, bool tensors)
    {
        var json = new JsonObject
        {
            ["paths"] = new JsonArray([.. file.Paths.Select(path => JsonValue.Create(path))]),
            ["bytes"] = file.Bytes,
            ["version"] = file.Version,
            ["architecture"] = summary.Architecture,
            ["parameters"] = summary.Parameters,
            ["metadata"] = new JsonObject(file.Metadata.Values.Select(value => KeyValuePair.Create(value.Name, Value(value)))),
            ["types"] = new JsonObject(summary.Types.Select(type => KeyValuePair.Create<string, JsonNode?>($"{type.Type}", new JsonObject
            {
                ["tensors"] = type.Tensors,
                ["values"] = type.Values,
                ["bytes"] = type.Bytes,
            }))),
            ["memory"] = new JsonObject
            {
                ["weight_bytes"] = summary.WeightBytes,
                ["cache_bytes_per_position"] = summary.CacheBytesPerPosition,
                ["positions"] = positions,
                ["total_bytes"] = summary.WeightBytes + (summary.CacheBytesPerPosition * positions),
            },
        };
        if (tensors) json["tensors"] = new JsonArray([.. file.Tensors.Select(Tensor)]);
        return json;
    }

    static JsonObject Tensor(GgufTensor tensor) => new()
    {
        ["name"] = tensor.Name,
        ["type"] = $"{tensor.Type}",
        ["dimensions"] = new JsonArray([.. tensor.Dimensions.Select(size => JsonValue.Create(size))]),
        ["offset"] = tensor.Offset,
        ["bytes"] = tensor.Bytes,
    };

    static JsonNode? Value(GgufValue value) => value.Type switch
    {
        GgufType.String => value.AsString(),
        GgufType.Bool => value.AsBoolean(),
        GgufType.Float32 or GgufType.Float64 => double.IsFinite(value.AsDouble()) ? value.AsDouble() : value.Preview(),
        GgufType.UInt64 => value.AsUInt64(),
        GgufType.Array when value.Count > ShownElements => new JsonObject { ["type"] = value.TypeName, ["count"] = value.Count },
        GgufType.Array => new JsonArray([.. value.Elements().Select(Value)]),
        _ => value.AsInt64(),
    };
}
