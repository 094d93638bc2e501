using System.CommandLine;
using System.Diagnostics;
using Homegrown.Cli.Interactive;
using Homegrown.Cli.Options;
using Homegrown.Engine;

namespace Homegrown.Cli.Commands;

/// <summary>homegrown chat: a conversation at the terminal, over a pipe, or of one message.</summary>
static class Chat
{
    public static Command Create(Terminal terminal)
    {
        var verb = new Verb("chat", "Talks with a model. /help inside shows what you can do.",
            "homegrown chat",
            "homegrown chat model.gguf --system \"Answer in one sentence.\"",
            "homegrown chat -p \"What is the capital of France?\" --temp 0",
            "printf 'Hello\\nWho are you?\\n' | homegrown chat");
        var model = ModelOptions.AddTo(verb, terminal);
        var prompt = new Option<string?>("--prompt", "-p")
        {
            Description = "One message; '-' reads it from the input. Prints the answer and leaves.",
            HelpName = "TEXT",
        };
        var system = new Option<string?>("--system") { Description = "The system message.", HelpName = "TEXT" };
        var json = new Option<bool>("--json") { Description = "With -p: print one JSON object (text, ids, finish, timings)." };
        verb.Add(prompt);
        verb.Add(system);
        var sampling = SamplingFlags.AddTo(verb);
        verb.Add(json);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var message = parsed.GetValue(prompt) is { } given ? Run.PromptText(given, terminal) : null;
            var asJson = parsed.GetValue(json);
            if (asJson && message is null) throw new UsageException("--json prints one answer: give its message with -p TEXT.");
            var watch = Stopwatch.StartNew();
            using var loaded = model.Load(parsed, asJson);
            var load = watch.Elapsed;
            if (loaded.Template is null) throw new UsageException($"{loaded.Id} has no chat template; 'homegrown run' continues a text.");
            var session = new ChatSession(loaded, new Conversation(parsed.GetValue(system)), terminal,
                (ids, attempt) => Reseed(sampling.Request(parsed, ids), attempt), cancellation);
            if (message is null) return await new ChatLoop(session, terminal).RunAsync(cancellation);
            var answer = await session.SayAsync(message, asJson);
            terminal.Out.WriteLine(asJson ? Json.Line(answer.ToJson(loaded, load)) : "");
            if (answer.Finish == FinishReason.Length && !asJson) terminal.Note($"[cut after {answer.Ids.Count} tokens]");
            return answer.Finish is null ? ExitCode.Interrupted : ExitCode.Ok;
        });
        return verb;
    }

    /// <summary>Another attempt at the same answer draws from another seed, so that it differs.</summary>
    static GenerationRequest Reseed(GenerationRequest request, int attempt)
        => request.Sampling.Seed is { } seed ? request with { Sampling = request.Sampling with { Seed = unchecked(seed + (ulong)attempt) } } : request;
}
