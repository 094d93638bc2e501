using System.Runtime.CompilerServices;
using System.Text;
using Homegrown.Engine;
using Homegrown.Engine.Tokenizers;
using Homegrown.Server.Gateway;
using Homegrown.Server.Wire;
using Microsoft.AspNetCore.Http;

namespace Homegrown.Server.Endpoints;

/// <summary>/v1/chat/completions: https://platform.openai.com/docs/api-reference/chat.</summary>
static class ChatCompletions
{
    public static async Task HandleAsync(HttpContext http, ApiService service)
    {
        using var body = await JsonBody.ReadAsync(http);
        var fields = new JsonFields(body.RootElement);
        var model = service.Models.Find<IServedModel>(fields.Text("model"));
        var request = ChatRequest.Read(fields, model.Tokenizer.Count);
        var run = new ChoiceRun(model, [model.Encode(request.Prompt)], request.Generation, request.Choices, "messages");
        var reply = new Reply(service.NewReply("chatcmpl", model), run, model.Tokenizer, request);
        using var lifetime = service.Lifetime(http);
        if (request.Stream) await Streaming.SendAsync(http, service, reply.StreamAsync(lifetime.Token), WireJson.Default.ChatChunk, lifetime.Token);
        else await WireJson.SendAsync(http, await reply.WholeAsync(lifetime.Token), WireJson.Default.ChatReply);
    }

    /// <summary>One run in the two forms of the wire.</summary>
    sealed class Reply(ReplyHead head, ChoiceRun run, Tokenizer tokenizer, ChatRequest request)
    {
        const string Role = "assistant";

        public async Task<ChatReply> WholeAsync(CancellationToken cancellation)
        {
            var texts = new StringBuilder[run.Count];
            var logprobs = new List<ChatTokenLogprob>[run.Count];
            var finish = new string[run.Count];
            await foreach (var step in run.RunAsync(cancellation))
            {
                (texts[step.Choice] ??= new()).Append(step.Text);
                (logprobs[step.Choice] ??= []).AddRange(Describe(step));
                finish[step.Choice] = WireNames.Of(step.Finish) ?? "";
            }
            var choices = Enumerable.Range(0, run.Count).Select(i =>
                new ChatChoice(i, new ChatAnswer(Role, texts[i].ToString(), null), Logprobs(logprobs[i]), finish[i]));
            return new ChatReply(head.Id, head.Created, head.Model, ApiService.SystemFingerprint, [.. choices], run.Usage);
        }

        public async IAsyncEnumerable<ChatChunk> StreamAsync([EnumeratorCancellation] CancellationToken cancellation)
        {
            var begun = -1;
            await foreach (var step in run.RunAsync(cancellation))
            {
                if (step.Choice > begun)
                {
                    begun = step.Choice;
                    yield return Chunk(step.Choice, new ChatDelta { Role = Role, Content = "" });
                }
                if (step.Text.Length > 0 || step.Logged.Count > 0)
                    yield return Chunk(step.Choice, new ChatDelta { Content = step.Text }, Logprobs(Describe(step)));
                if (step.Finish is not null) yield return Chunk(step.Choice, new ChatDelta(), finish: WireNames.Of(step.Finish));
            }
            if (request.IncludeUsage) yield return Chunk([], run.Usage);
        }

        ChatChunk Chunk(int choice, ChatDelta delta, ChatLogprobs? logprobs = null, string? finish = null) =>
            Chunk([new ChatChunkChoice(choice, delta, logprobs, finish)], null);

        ChatChunk Chunk(IReadOnlyList<ChatChunkChoice> choices, Usage? usage) =>
            new(head.Id, head.Created, head.Model, ApiService.SystemFingerprint, choices, usage);

        ChatLogprobs? Logprobs(IReadOnlyList<ChatTokenLogprob> tokens) => request.Generation.TopLogprobs is null ? null : new ChatLogprobs(tokens);

        List<ChatTokenLogprob> Describe(ChoiceStep step) => [.. step.Logged.Select(piece =>
        {
            var (token, bytes) = WireNames.Token(tokenizer, piece.Token!.Value);
            return new ChatTokenLogprob(token, WireNames.Logprob(piece.Logprob!.Value), bytes, [.. piece.TopLogprobs.Select(Top)]);
        })];

        TopLogprob Top(TokenLogprob top)
        {
            var (token, bytes) = WireNames.Token(tokenizer, top.Id);
            return new TopLogprob(token, WireNames.Logprob(top.Logprob), bytes);
        }
    }
}
