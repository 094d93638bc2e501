using System.Runtime.CompilerServices;
using System.Text;
using Homegrown.Engine.Tokenizers;
using Homegrown.Server.Gateway;
using Homegrown.Server.Wire;
using Microsoft.AspNetCore.Http;

namespace Homegrown.Server.Endpoints;

/// <summary>/v1/completions: https://platform.openai.com/docs/api-reference/completions.</summary>
static class Completions
{
    public static async Task HandleAsync(HttpContext http, ApiService service)
    {
        using var body = await JsonBody.ReadAsync(http);
        var fields = new JsonFields(body.RootElement);
        var model = service.Models.Find<IServedModel>(fields.Text("model"));
        var request = CompletionRequest.Read(fields, model.Tokenizer.Count);
        var run = new ChoiceRun(model, [.. request.Prompts.Select(p => Ids(p, model.Tokenizer))], request.Generation, request.Choices, "prompt");
        var reply = new Reply(service.NewReply("cmpl", model), run, model.Tokenizer, request);
        using var lifetime = service.Lifetime(http);
        if (request.Stream) await Streaming.SendAsync(http, service, reply.StreamAsync(lifetime.Token), WireJson.Default.CompletionReply, lifetime.Token);
        else await WireJson.SendAsync(http, await reply.WholeAsync(lifetime.Token), WireJson.Default.CompletionReply);
    }

    /// <summary>Raw text is the caller's own template, so control tokens spelled in it count. An empty one begins with the begin token.</summary>
    static IReadOnlyList<int> Ids(TextPrompt prompt, Tokenizer tokenizer)
    {
        if (prompt.Ids is { } ids) return ids;
        var encoded = tokenizer.Encode(prompt.Text!);
        if (encoded.Count == 0 && tokenizer.Bos is { } bos) encoded.Add(bos);
        return encoded;
    }

    /// <summary>One run in the two forms of the wire.</summary>
    sealed class Reply(ReplyHead head, ChoiceRun run, Tokenizer tokenizer, CompletionRequest request)
    {
        public async Task<CompletionReply> WholeAsync(CancellationToken cancellation)
        {
            var choices = new List<CompletionChoice>();
            var text = new StringBuilder();
            var logprobs = new LogprobLists(tokenizer);
            var begun = -1;
            await foreach (var step in run.RunAsync(cancellation))
            {
                if (step.Choice > begun && request.Echo) text.Append(PromptText(step.Choice));
                begun = step.Choice;
                if (step.Prompt is { } prompt) logprobs.AddPrompt(prompt, PromptText(step.Choice));
                text.Append(step.Text);
                logprobs.Add(step);
                if (step.Finish is null) continue;
                choices.Add(new CompletionChoice(step.Choice, text.ToString(), Logprobs(logprobs), WireNames.Of(step.Finish)));
                text.Clear();
                logprobs = new LogprobLists(tokenizer);
            }
            return Piece(choices, run.Usage);
        }

        public async IAsyncEnumerable<CompletionReply> StreamAsync([EnumeratorCancellation] CancellationToken cancellation)
        {
            var (begun, offset) = (-1, 0);
            await foreach (var step in run.RunAsync(cancellation))
            {
                if (step.Choice > begun)
                {
                    (begun, offset) = (step.Choice, 0);
                    if (request.Echo) yield return Piece([new CompletionChoice(step.Choice, PromptText(step.Choice), PromptLogprobs(step, ref offset), null)], null);
                }
                if (step.Text.Length == 0 && step.Logged.Count == 0 && step.Finish is null) continue;
                var logprobs = new LogprobLists(tokenizer, offset);
                logprobs.Add(step);
                offset = logprobs.Offset;
                yield return Piece([new CompletionChoice(step.Choice, step.Text, Logprobs(logprobs), WireNames.Of(step.Finish))], null);
            }
            if (request.IncludeUsage) yield return Piece([], run.Usage);
        }

        CompletionLogprobs? PromptLogprobs(ChoiceStep step, ref int offset)
        {
            if (step.Prompt is null) return null;
            var lists = new LogprobLists(tokenizer);
            lists.AddPrompt(step.Prompt, PromptText(step.Choice));
            offset = lists.Offset;
            return lists.ToReply();
        }

        CompletionReply Piece(IReadOnlyList<CompletionChoice> choices, Usage? usage) =>
            new(head.Id, head.Created, head.Model, ApiService.SystemFingerprint, choices, usage);

        CompletionLogprobs? Logprobs(LogprobLists lists) => request.Generation.TopLogprobs is null ? null : lists.ToReply();

        string PromptText(int choice)
        {
            var prompt = request.Prompts[choice / request.Choices];
            if (prompt.Text is { } text) return text;
            var bytes = new List<byte>();
            foreach (var id in prompt.Ids!) bytes.AddRange(tokenizer.Bytes(id));
            return Encoding.UTF8.GetString([.. bytes]);
        }
    }
}
