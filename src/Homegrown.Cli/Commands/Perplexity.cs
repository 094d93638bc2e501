using System.CommandLine;
using System.Text.Json.Nodes;
using Homegrown.Cli.Options;
using Homegrown.Engine.Evaluation;

namespace Homegrown.Cli.Commands;

/// <summary>homegrown perplexity: how well a model predicts a text.</summary>
static class Perplexity
{
    public static Command Create(Terminal terminal)
    {
        var verb = new Verb("perplexity", "Measures how well a model predicts a text.",
            "homegrown perplexity model.gguf",
            "homegrown perplexity model.gguf --text book.txt --exact --json");
        var model = ModelOptions.AddTo(verb, terminal);
        var text = TextOptions.AddTo(verb);
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        verb.Add(json);
        verb.SetAction((parsed, cancellation) =>
        {
            var asJson = parsed.GetValue(json);
            using var loaded = model.Load(parsed, quiet: asJson);
            var windows = text.Windows(parsed, loaded.Tokenizer);
            using var progress = new ProgressLine(terminal, "predicting", windows.Tokens, "tokens", asJson);
            var surprises = Comparison.Surprises(loaded, windows, progress.Report, cancellation);
            progress.Dispose();
            var (perplexity, error) = Of(surprises);
            if (asJson)
            {
                var report = new JsonObject
                {
                    ["model"] = loaded.Id,
                    ["exact"] = loaded.Compute.Exact,
                    ["text"] = text.Name(parsed),
                    ["chunk"] = windows.Length,
                    ["windows"] = windows.All.Count,
                    ["positions"] = surprises.Count,
                    ["perplexity"] = perplexity,
                    ["perplexity_error"] = error,
                };
                terminal.Out.WriteLine(Json.Line(report));
            }
            else
            {
                terminal.Out.WriteLine($"{loaded.Id} on {text.Name(parsed)}: perplexity {perplexity:0.0000} ± {error:0.0000} ({surprises.Count} positions)");
            }

            return Task.FromResult(ExitCode.Ok);
        });
        return verb;
    }

    /// <summary>The exponential of the mean surprise, and its standard error.</summary>
    public static (double Value, double Error) Of(Samples surprises)
    {
        var perplexity = Math.Exp(surprises.Mean);
        return (perplexity, perplexity * surprises.StandardError);
    }
}
