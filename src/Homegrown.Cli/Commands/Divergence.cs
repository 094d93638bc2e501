using System.CommandLine;
using System.Text.Json.Nodes;
using Homegrown.Cli.Options;
using Homegrown.Engine;
using Homegrown.Engine.Evaluation;
using Spectre.Console;

namespace Homegrown.Cli.Commands;

/// <summary>homegrown kld: how far a model's predictions are from those of another, or from its own in float32.</summary>
static class Divergence
{
    public static Command Create(Terminal terminal)
    {
        var verb = new Verb("kld", "Compares a model's predictions with its own in float32 (--exact), or with another model's.",
            "homegrown kld model.gguf",
            "homegrown kld model.Q4_K_M.gguf --base model.F16.gguf --json");
        var model = ModelOptions.AddTo(verb, terminal);
        var text = TextOptions.AddTo(verb);
        var other = new Option<string?>("--base") { Description = "Compare with this model, computed with --exact (default: MODEL itself).", HelpName = "MODEL" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        verb.Add(other);
        verb.Add(json);
        verb.SetAction((parsed, cancellation) =>
        {
            var asJson = parsed.GetValue(json);
            var basePath = parsed.GetValue(other) is { } name ? ModelStore.Of(terminal).Resolve(name) : model.Resolve(parsed);
            using var loaded = model.Load(parsed, quiet: asJson);
            using var reference = LocalModel.Load(basePath, model.Settings(parsed) with { Exact = true, Tier = null, CacheType = null, WeightType = null });
            var windows = text.Windows(parsed, loaded.Tokenizer);
            using var progress = new ProgressLine(terminal, "comparing", windows.Tokens, "tokens", asJson);
            var result = Comparison.Run(loaded, reference, windows, progress.Report, cancellation);
            progress.Dispose();
            var report = Report(result, loaded, reference, windows, text.Name(parsed));
            if (asJson) terminal.Out.WriteLine(Json.Line(report));
            else Print(report, terminal);
            return Task.FromResult(ExitCode.Ok);
        });
        return verb;
    }

    static JsonObject Report(Comparison result, LocalModel model, LocalModel reference, TextWindows windows, string text)
    {
        var (divergence, own, others) = (result.Divergence, Perplexity.Of(result.Surprise), Perplexity.Of(result.BaseSurprise));
        return new JsonObject
        {
            ["model"] = model.Id,
            ["base"] = reference.Id,
            ["text"] = text,
            ["chunk"] = windows.Length,
            ["windows"] = windows.All.Count,
            ["positions"] = divergence.Count,
            ["mean_kld"] = divergence.Mean,
            ["mean_kld_error"] = divergence.StandardError,
            ["median_kld"] = divergence.Quantile(0.5),
            ["kld_90"] = divergence.Quantile(0.9),
            ["kld_99"] = divergence.Quantile(0.99),
            ["kld_99_9"] = divergence.Quantile(0.999),
            ["max_kld"] = divergence.Quantile(1),
            ["same_top"] = result.SameTop,
            ["perplexity"] = own.Value,
            ["perplexity_error"] = own.Error,
            ["base_perplexity"] = others.Value,
            ["base_perplexity_error"] = others.Error,
        };
    }

    static void Print(JsonObject report, Terminal terminal)
    {
        double Number(string name) => report[name]!.GetValue<double>();
        var grid = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "");
        grid.AddRow("model", Markup.Escape($"{report["model"]} against {report["base"]} in float32, {report["text"]}, {report["positions"]} positions"));
        grid.AddRow("mean KL", $"{Number("mean_kld"):0.000000} ± {Number("mean_kld_error"):0.000000} nats");
        grid.AddRow("median", $"{Number("median_kld"):0.000000}");
        grid.AddRow("90, 99, 99.9%", $"{Number("kld_90"):0.0000}, {Number("kld_99"):0.0000}, {Number("kld_99_9"):0.0000}");
        grid.AddRow("most", $"{Number("max_kld"):0.0000}");
        grid.AddRow("same top", $"{Number("same_top"):0.00%}");
        grid.AddRow("perplexity", $"{Number("perplexity"):0.0000} ± {Number("perplexity_error"):0.0000}, base {Number("base_perplexity"):0.0000} ± {Number("base_perplexity_error"):0.0000}");
        terminal.Console.Write(grid);
    }
}
