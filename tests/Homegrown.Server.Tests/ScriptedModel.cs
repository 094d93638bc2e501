using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using Homegrown.Engine;
using Homegrown.Engine.Chat;
using Homegrown.Engine.Tokenizers;
using Homegrown.Server.Gateway;

namespace Homegrown.Server.Tests;

/// <summary>A model that says what a test tells it to, as the engine would: token by token, with stop, limit and cancellation.</summary>
sealed class ScriptedModel(string answer = "The capital of France is Paris.") : IServedModel
{
    public string Id { get; init; } = "scripted";

    public DateTimeOffset Created { get; } = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    public int ContextLength { get; init; } = 256;

    public Tokenizer Tokenizer { get; } = new ScriptedTokenizer();

    /// <summary>Awaited before each token, with its number: holds the model up, or fails.</summary>
    public Func<int, CancellationToken, Task> BeforeToken { get; init; } = (_, _) => Task.CompletedTask;

    public ConcurrentQueue<GenerationRequest> Requests { get; } = new();

    public ConcurrentQueue<ChatPrompt> Prompts { get; } = new();

    /// <summary>Set once a generation has been cancelled.</summary>
    public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<int> Encode(ChatPrompt prompt)
    {
        if (prompt.Messages.Any(m => m.Content == "refuse me")) throw new ChatPromptException("The template refuses: roles must alternate.");
        Prompts.Enqueue(prompt);
        return Tokenizer.Encode(string.Concat(prompt.Messages.Select(m => $"{m.Role}: {m.Content}\n")), parseSpecial: false);
    }

    public async IAsyncEnumerable<GenerationPiece> GenerateAsync(GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Requests.Enqueue(request);
        using var watch = cancellation.Register(Cancelled.SetResult);
        var decoder = Encoding.UTF8.GetDecoder();
        var (held, stop) = ("", request.Stop is [var text, ..] ? text : null);
        if (request.PromptLogprobs)
        {
            var none = request.MaxTokens == 0;
            yield return new GenerationPiece { Text = "", Prompt = Score(request), Finish = none ? FinishReason.Length : null };
            if (none) yield break;
        }
        List<int> tokens = [.. Tokenizer.Encode(answer), ScriptedTokenizer.End];
        for (var i = 0; ; i++)
        {
            await BeforeToken(i, cancellation);
            cancellation.ThrowIfCancellationRequested();
            var token = tokens[i];
            if (token == ScriptedTokenizer.End)
            {
                yield return new GenerationPiece { Text = held, Finish = FinishReason.Stop, StoppedBy = "<|end|>" };
                yield break;
            }
            var chars = new char[8];
            held += new string(chars, 0, decoder.GetChars(Tokenizer.Bytes(token), chars, false));
            if (stop is not null && held.IndexOf(stop, StringComparison.Ordinal) is >= 0 and var at)
            {
                yield return Piece(request, token, held[..at]) with { Finish = FinishReason.Stop, StoppedBy = stop };
                yield break;
            }
            var last = i + 1 == request.MaxTokens;
            var holds = last || stop is null ? 0 : Enumerable.Range(1, stop.Length).Where(n => held.EndsWith(stop[..n], StringComparison.Ordinal)).DefaultIfEmpty().Max();
            yield return Piece(request, token, held[..^holds]) with { Finish = last ? FinishReason.Length : null };
            if (last) yield break;
            held = held[^holds..];
        }
    }

    static List<PromptToken> Score(GenerationRequest request) => [.. request.Prompt.Select((id, i) => i == 0
        ? new PromptToken(id, null, [])
        : new PromptToken(id, -0.5f * i, [.. Enumerable.Range(0, request.TopLogprobs!.Value).Select(k => new TokenLogprob('a' + k, -k))]))];

    static GenerationPiece Piece(GenerationRequest request, int token, string text) => new()
    {
        Text = text,
        Token = token,
        Logprob = request.TopLogprobs is null ? null : -0.25f,
        TopLogprobs = [.. Enumerable.Range(0, request.TopLogprobs ?? 0).Select(k => new TokenLogprob(k == 0 ? token : 'a' + k, k == 2 ? float.NegativeInfinity : -0.25f - k))],
    };
}
