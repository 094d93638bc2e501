using System.CommandLine;
using System.Text.Json.Nodes;
using Homegrown.Cli.Options;
using Homegrown.Engine;
using Homegrown.Engine.Tokenizers;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Quant;
using Spectre.Console;

namespace Homegrown.Cli.Commands;

/// <summary>homegrown inspect: what is in a model file or folder, and the memory that it will take.</summary>
static class Inspect
{
    // Longer arrays (vocabularies) are counted, not shown.
    const int ShownElements = 16;

    public static Command Create(Terminal terminal)
    {
        var verb = new Verb("inspect", "Shows a model: settings, tensors, cache, predicted memory. Reads no weights.",
            "homegrown inspect model.gguf",
            "homegrown inspect model.gguf --tensors --json",
            "homegrown inspect folder --ctx 131072 --cache-type q8_0");
        var model = ModelOptions.Argument(terminal);
        var context = Numbers.AtLeast("--ctx", 0, "Positions to predict memory for; 0 takes the model's own length.");
        var cacheType = ModelOptions.CacheTypeOption();
        var tensors = new Option<bool>("--tensors") { Description = "List every tensor." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        verb.Add(model);
        foreach (var option in (ReadOnlySpan<Option>)[context, cacheType, tensors, json]) verb.Add(option);
        verb.SetAction(parsed =>
        {
            var path = ModelStore.Of(terminal).Resolve(parsed.GetValue(model));
            using var progress = new ProgressLine(terminal, $"reading {Path.GetFileName(path)}");
            var outline = ModelOutline.Of(path);
            progress.Dispose();
            var positions = parsed.GetValue(context) is > 0 and var given ? given : outline.Config.ContextLength;
            var report = Report(outline, positions, ModelOptions.CacheType(parsed.GetValue(cacheType)) ?? KvType.F16, parsed.GetValue(tensors));
            if (parsed.GetValue(json)) terminal.Out.WriteLine(Json.Line(report));
            else Print(outline, report, terminal.Console);
            return ExitCode.Ok;
        });
        return verb;
    }

    static JsonObject Report(ModelOutline outline, int positions, KvType type, bool tensors)
    {
        var memory = outline.Memory(positions, type);
        var report = new JsonObject
        {
            ["path"] = outline.Path,
            ["bytes"] = outline.FileBytes,
            ["architecture"] = outline.Config.Architecture,
            ["parameters"] = outline.Parameters,
            ["active_parameters"] = outline.ActiveParameters,
            ["metadata"] = new JsonObject(outline.Keys.Select(key => KeyValuePair.Create(key.Key, Value(key.Value)))),
            ["tokenizer"] = outline.Tokenizer is { } tokenizer ? new JsonObject
            {
                ["tokens"] = tokenizer.Count,
                ["end"] = new JsonArray([.. Ends(tokenizer).Select(piece => JsonValue.Create(piece))]),
            } : null,
            ["chat_template"] = outline.ChatTemplate is not null,
            ["warnings"] = new JsonArray([.. outline.Warnings.Select(warning => JsonValue.Create(warning))]),
            ["types"] = new JsonObject(outline.Tensors.GroupBy(tensor => tensor.Type).OrderByDescending(same => same.Sum(tensor => tensor.Bytes))
                .Select(same => KeyValuePair.Create<string, JsonNode?>(QuantFormats.Name(same.Key), new JsonObject
                {
                    ["tensors"] = same.Count(),
                    ["values"] = same.Sum(tensor => tensor.Values),
                    ["bytes"] = same.Sum(tensor => tensor.Bytes),
                }))),
            ["cache"] = new JsonArray([.. outline.KvShape.Entries.GroupBy(entry => entry).Select(same => new JsonObject
            {
                ["keeps"] = same.Key switch { { ValuesInKeys: true } => "latents", { ValueDim: 0 } => "keys", _ => "keys and values" },
                ["layers"] = same.Count(),
                ["heads"] = same.Key.KvHeads,
                ["key_length"] = same.Key.KeyDim,
                ["value_length"] = same.Key.ValueDim,
                ["bytes_per_position"] = same.Count() * same.Key.BytesPerPosition(type),
            })]),
            ["memory"] = new JsonObject
            {
                ["positions"] = (long)positions,
                ["cache_type"] = $"{type}",
                ["weight_bytes"] = outline.WeightBytes,
                ["panel_bytes"] = memory.Panels,
                ["stored_bytes"] = memory.Stored,
                ["cache_bytes_per_position"] = outline.KvShape.BytesPerPosition(type),
                ["windows"] = new JsonArray([.. outline.KvShape.Windows.Select(window => JsonValue.Create(window))]),
                ["state_bytes"] = outline.KvShape.BytesPerSequence,
                ["cache_bytes"] = memory.Cache,
                ["scratch_bytes"] = memory.Scratch,
                ["tokenizer_bytes"] = memory.Tokenizer,
                ["program_bytes"] = ModelMemory.Program,
                ["total_bytes"] = memory.Total,
            },
        };
        if (tensors)
            report["tensors"] = new JsonArray([.. outline.Tensors.Select(tensor => new JsonObject
            {
                ["name"] = tensor.Name,
                ["type"] = QuantFormats.Name(tensor.Type),
                ["shape"] = new JsonArray([.. tensor.Shape.Select(size => JsonValue.Create(size))]),
                ["bytes"] = tensor.Bytes,
            })]);
        return report;
    }

    static void Print(ModelOutline outline, JsonObject report, IAnsiConsole console)
    {
        long Number(string name) => report["memory"]![name]!.GetValue<long>();
        string Size(string name) => ByteSize.Text(Number(name));
        Write(["key", "value"], outline.Keys.Select(key => new[] { key.Key, Value(key.Value) switch { { } value => Printable.Excerpt($"{value}", 96), null => "" } }));
        Write(["stored as", "tensors", "values", "size"],
            report["types"]!.AsObject().Select(type => new[] { type.Key, $"{type.Value!["tensors"]}", $"{(long)type.Value["values"]!:N0}", ByteSize.Text((long)type.Value["bytes"]!) }));
        if (report["tensors"] is JsonArray tensors)
            Write(["tensor", "stored as", "shape", "size"], outline.Tensors.Select(tensor => new[]
            {
                tensor.Name, QuantFormats.Name(tensor.Type), $"[{string.Join(", ", tensor.Shape)}]", ByteSize.Text(tensor.Bytes),
            }));
        Write(["cache", "layers", "heads", "widths", "a position"], report["cache"]!.AsArray().Select(entry => new[]
        {
            $"{entry!["keeps"]}", $"{entry["layers"]}", $"{entry["heads"]}", $"{entry["key_length"]}, {entry["value_length"]}", ByteSize.Text((long)entry["bytes_per_position"]!),
        }));
        var active = outline.ActiveParameters < outline.Parameters ? $", {outline.ActiveParameters:N0} for a token" : "";
        var windows = outline.KvShape.Windows.Count > 0 ? $", and again for every {string.Join(" and ", outline.KvShape.Windows)} positions" : "";
        var states = outline.KvShape.BytesPerSequence > 0 ? $", states of {Size("state_bytes")}" : "";
        Write(["", ""],
        [
            ["model", $"{outline.Path}, {ByteSize.Text(outline.FileBytes)}"],
            ["architecture", $"{outline.Config.Architecture}, {outline.Config.Layers} layers, {outline.Parameters:N0} parameters{active}"],
            ["tokenizer", outline.Tokenizer is { } tokenizer ? $"{tokenizer.Count:N0} tokens, ends with {string.Join(" ", Ends(tokenizer))}" : "none"],
            ["chat template", outline.ChatTemplate is null ? "none" : "yes"],
            .. outline.Warnings.Select(warning => new[] { "warning", warning }),
            ["memory", $"{Size("total_bytes")} for {Number("positions"):N0} positions"],
            ["weights", $"{Size("panel_bytes")} in panels, {Size("stored_bytes")} as stored"],
            ["cache", $"{Size("cache_bytes")} as {report["memory"]!["cache_type"]}: {Size("cache_bytes_per_position")} a position{windows}{states}"],
            ["activations", Size("scratch_bytes")],
            ["program", $"{Size("program_bytes")}, tokenizer {Size("tokenizer_bytes")}"],
        ]);

        void Write(string[] columns, IEnumerable<string[]> rows)
        {
            var table = new Table { ShowHeaders = columns[0].Length > 0 }.Border(TableBorder.None).AddColumns(columns);
            foreach (var row in rows) table.AddRow([.. row.Select(cell => Markup.Escape(Printable.Of(cell)))]);
            console.Write(table);
            console.WriteLine();
        }
    }

    static IEnumerable<string> Ends(Tokenizer tokenizer) => tokenizer.EndOfGeneration.Order().Select(tokenizer.Piece);

    static JsonNode? Value(object? value) => value switch
    {
        long number => number,
        double number => double.IsFinite(number) ? number : $"{number}",
        bool flag => flag,
        string text => text,
        Array { Length: > ShownElements } all => new JsonObject { ["count"] = all.Length },
        Array all => new JsonArray([.. all.Cast<object?>().Select(Value)]),
        _ => null,
    };
}
