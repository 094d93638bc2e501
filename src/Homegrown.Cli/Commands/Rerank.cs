using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Homegrown.Cli.Options;
using Homegrown.Engine;

namespace Homegrown.Cli.Commands;

/// <summary>homegrown rerank: documents by how well they answer a query.</summary>
static class Rerank
{
    public static Command Create(Terminal terminal)
    {
        var verb = new Verb("rerank", "Scores documents by a query with a reranking model, the most relevant first.",
            "homegrown rerank bge-reranker-v2-m3/ --query \"where do tomatoes grow\" --file lines.txt",
            "homegrown rerank folder/ --query \"where do tomatoes grow\" --file documents.txt --separator --- --json");
        var model = EncoderOptions.AddTo(verb, terminal);
        var query = new Option<string>("--query") { Description = "What the documents should answer.", HelpName = "TEXT", Required = true };
        var file = TextsOptions.File("Read the documents from this file");
        var separator = new Option<string?>("--separator") { Description = "This line stands between documents (default: each line is one).", HelpName = "LINE" };
        var instruction = new Option<string?>("--instruction") { Description = "What counts as relevant, for models that are told (Qwen3-Reranker).", HelpName = "TEXT" };
        foreach (var option in (ReadOnlySpan<Option>)[query, file, separator, instruction]) verb.Add(option);
        verb.SetAction((parsed, cancellation) =>
        {
            if (parsed.GetValue(file) is null && terminal.InIsTerminal) throw new UsageException("there are no documents: give --file FILE, or pipe them in.");
            var text = TextsOptions.Read(parsed.GetValue(file) ?? "-", terminal);
            var documents = parsed.GetValue(separator) is { } line ? TextsOptions.Split(text, line) : text.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);
            using var loaded = model.Load(parsed, RerankModel.Load);
            using var progress = new ProgressLine(terminal, "scoring", documents.Length, "documents", model.Json(parsed));
            var scores = loaded.Score(parsed.GetRequiredValue(query), documents, new() { Instruction = parsed.GetValue(instruction), Truncate = model.Truncate(parsed) }, progress, cancellation);
            progress.Dispose();
            foreach (var score in scores.OrderByDescending(score => score.Score))
                terminal.Out.WriteLine(model.Json(parsed) ? ToJson(score) : string.Create(CultureInfo.InvariantCulture, $"{score.Score:0.0000} {score.Index,5}  {Printable.Excerpt(documents[score.Index], 72)}"));
            return Task.FromResult(ExitCode.Ok);
        });
        return verb;
    }

    static string ToJson(RerankScore score) => Json.Line(new JsonObject { ["index"] = score.Index, ["score"] = score.Score });
}
