using System.CommandLine;
using System.Text.Json.Nodes;
using Homegrown.Cli.Measuring;
using Homegrown.Cli.Options;
using Homegrown.Engine;
using Homegrown.Kernels;
using Spectre.Console;

namespace Homegrown.Cli.Commands;

/// <summary>homegrown bench: how fast this machine runs a model, and how much of its memory bandwidth that is.</summary>
static class Bench
{
    public static Command Create(Terminal terminal)
    {
        var verb = new Verb("bench", "Measures a model on this machine: medians of several runs, after one to warm up.",
            "homegrown bench",
            "homegrown bench model.gguf --prompt 512 --generate 64 --threads 2 --json");
        var model = ModelOptions.AddTo(verb, terminal);
        var prompt = Numbers.AtLeast("--prompt", 1, "Tokens of the prompt.", 512);
        var generate = Numbers.AtLeast("--generate", 2, "Tokens to generate.", 64);
        var runs = Numbers.AtLeast("--runs", 1, "Runs that count.", 5);
        var shape = new Option<string?>("--shape") { Description = "Measure random weights in the shape of a known model.", HelpName = "NAME:TYPE" };
        var keep = new Option<string?>("--keep") { Description = "Keep the file that --shape writes.", HelpName = "FILE" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        foreach (var option in (ReadOnlySpan<Option>)[prompt, generate, runs, shape, keep, json]) verb.Add(option);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var work = new Workload(parsed.GetValue(prompt), parsed.GetValue(generate), parsed.GetValue(runs));
            var asJson = parsed.GetValue(json);
            using var random = parsed.GetValue(shape) is { } known ? ShapeFile.Write(known, parsed.GetValue(keep), terminal, asJson, cancellation) : null;
            LocalModel Load() => LocalModel.Load(random?.Path ?? model.Resolve(parsed), model.Settings(parsed));
            var taken = new List<Measurement>();
            using (var progress = new ProgressLine(terminal, "measuring", checked(work.Tokens * (work.Runs + 1)), "tokens", asJson))
                for (var run = 0; run <= work.Runs; run++)
                    taken.Add(await Measurement.TakeAsync(Load, work, run, done => progress.Report((run * work.Tokens) + done), cancellation));
            using var loaded = Load();
            var report = Report(taken[1..], work, loaded);
            if (asJson) terminal.Out.WriteLine(Json.Line(report));
            else Print(report, terminal);
            return ExitCode.Ok;
        });
        return verb;
    }

    static JsonObject Report(IReadOnlyList<Measurement> taken, Workload work, LocalModel model)
    {
        var bandwidth = Roof.ReadBytesPerSecond(model.Compute);
        var decode = Median(taken, run => run.DecodeRate);
        return new JsonObject
        {
            ["model"] = model.Id,
            ["cpu"] = Machine.Processor(),
            ["threads"] = model.Compute.Threads,
            ["prompt_tokens"] = work.Prompt,
            ["generated_tokens"] = work.Generate,
            ["runs"] = work.Runs,
            ["prefill_tokens_per_second"] = Median(taken, run => run.PrefillRate),
            ["decode_tokens_per_second"] = decode,
            ["first_token_ms"] = Median(taken, run => run.FirstToken.TotalMilliseconds),
            ["load_ms"] = Median(taken, run => run.Load.TotalMilliseconds),
            ["resident_bytes"] = (long)Median(taken, run => run.ResidentBytes),
            ["bytes_per_token"] = model.BytesPerToken,
            ["bandwidth_bytes_per_second"] = Math.Round(bandwidth),
            ["bandwidth_share"] = Math.Round(decode * model.BytesPerToken / bandwidth, 4),
        };
    }

    static double Median(IReadOnlyList<Measurement> taken, Func<Measurement, double> value)
    {
        var sorted = taken.Select(value).Order().ToList();
        var middle = sorted.Count / 2;
        return Math.Round(sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2, 3);
    }

    static void Print(JsonObject report, Terminal terminal)
    {
        double Number(string name) => report[name]!.GetValue<double>();
        long Bytes(string name) => report[name]!.GetValue<long>();
        var grid = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "");
        grid.AddRow("model", Markup.Escape($"{report["model"]}, {report["threads"]} threads, {report["cpu"]}"));
        grid.AddRow("prefill", $"{Number("prefill_tokens_per_second"):0.0} tokens/s ({report["prompt_tokens"]} tokens)");
        grid.AddRow("decode", $"{Number("decode_tokens_per_second"):0.0} tokens/s ({report["generated_tokens"]} tokens)");
        grid.AddRow("first token", $"{Number("first_token_ms"):0} ms");
        grid.AddRow("load", $"{Number("load_ms"):0} ms");
        grid.AddRow("resident", ByteSize.Text(Bytes("resident_bytes")));
        var ceiling = $"{Number("bandwidth_share"):0%} of the {ByteSize.Text(Number("bandwidth_bytes_per_second"))}/s that the memory delivers";
        grid.AddRow("weights", $"{ByteSize.Text(Bytes("bytes_per_token"))} read for each token: {ceiling}");
        terminal.Console.Write(grid);
    }
}
