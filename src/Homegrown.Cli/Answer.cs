using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Homegrown.Engine;

namespace Homegrown.Cli;

/// <summary>A generation watched to its end: text, ids and times.</summary>
sealed record Answer
{
    public required string Text { get; init; }

    public required IReadOnlyList<int> Ids { get; init; }

    /// <summary>Null when it was interrupted.</summary>
    public required FinishReason? Finish { get; init; }

    /// <summary>It ended because the context is full.</summary>
    public required bool ContextFull { get; init; }

    public required string? StoppedBy { get; init; }

    public required int PromptTokens { get; init; }

    /// <summary>From the request to the first token.</summary>
    public required TimeSpan FirstToken { get; init; }

    /// <summary>From the first token to the last.</summary>
    public required TimeSpan Rest { get; init; }

    public double PrefillRate => Rate(PromptTokens, FirstToken);

    public double DecodeRate => Rate(Ids.Count - 1, Rest);

    /// <param name="quiet">Only collects; otherwise the text goes to the terminal as it comes.</param>
    public static async Task<Answer> StreamAsync(LocalModel model, GenerationRequest request, Terminal terminal, bool quiet, CancellationToken cancellation)
    {
        using var reading = new ProgressLine(terminal, "reading", request.Prompt.Count, "tokens", quiet);
        request = request with { PromptRead = reading.Report };
        var (text, ids, watch) = (new StringBuilder(), new List<int>(), Stopwatch.StartNew());
        var (first, last) = (TimeSpan.Zero, TimeSpan.Zero);
        GenerationPiece? end = null;
        try
        {
            await foreach (var piece in model.GenerateAsync(request, cancellation))
            {
                reading.Dispose();
                if (piece.Token is { } id)
                {
                    last = watch.Elapsed;
                    if (ids.Count == 0) first = last;
                    ids.Add(id);
                }
                text.Append(piece.Text);
                if (piece.Text.Length > 0 && !quiet) terminal.Stream(piece.Text);
                if (piece.Finish is not null) end = piece;
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // An interrupted answer is an answer: what came so far.
        }
        return new Answer
        {
            Text = text.ToString(),
            Ids = ids,
            Finish = end?.Finish,
            ContextFull = end?.ContextFull ?? false,
            StoppedBy = end?.StoppedBy,
            PromptTokens = request.Prompt.Count,
            FirstToken = first,
            Rest = last - first,
        };
    }

    public JsonObject ToJson(LocalModel model, TimeSpan load) => new()
    {
        ["model"] = model.Id,
        ["text"] = Text,
        ["ids"] = new JsonArray([.. Ids.Select(id => JsonValue.Create(id))]),
        ["finish"] = Finish?.ToString().ToLowerInvariant() ?? "interrupted",
        ["context_full"] = ContextFull,
        ["stopped_by"] = StoppedBy,
        ["timings"] = new JsonObject
        {
            ["load_ms"] = Math.Round(load.TotalMilliseconds, 3),
            ["prompt_tokens"] = PromptTokens,
            ["generated_tokens"] = Ids.Count,
            ["first_token_ms"] = Math.Round(FirstToken.TotalMilliseconds, 3),
            ["prefill_tokens_per_second"] = Math.Round(PrefillRate, 3),
            ["decode_tokens_per_second"] = Math.Round(DecodeRate, 3),
        },
    };

    static double Rate(int tokens, TimeSpan time) => tokens > 0 && time > TimeSpan.Zero ? tokens / time.TotalSeconds : 0;
}
