using System.CommandLine;
using System.Diagnostics;
using Homegrown.Cli.Options;

namespace Homegrown.Cli.Commands;

/// <summary>homegrown run: continues a text as it is, without a chat template.</summary>
static class Run
{
    public static Command Create(Terminal terminal)
    {
        var verb = new Verb("run", "Continues a text, streamed to the output.",
            "homegrown run -p \"Once upon a time\" -n 50",
            "homegrown run model.gguf -p \"2, 3, 5, 7,\" -n 8 --temp 0",
            "homegrown run smollm2-135m -p - --json < prompt.txt");
        var model = ModelOptions.AddTo(verb, terminal);
        var prompt = new Option<string?>("--prompt", "-p")
        {
            Description = "The text to continue; '-', or no option and a pipe, reads the input (without its last line break).",
            HelpName = "TEXT",
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object: text, ids, finish, timings." };
        verb.Add(prompt);
        var sampling = SamplingFlags.AddTo(verb);
        verb.Add(json);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var text = PromptText(parsed.GetValue(prompt), terminal);
            var asJson = parsed.GetValue(json);
            var watch = Stopwatch.StartNew();
            using var loaded = model.Load(parsed, asJson);
            var load = watch.Elapsed;
            var ids = loaded.Tokenizer.Encode(text);
            if (ids.Count == 0) throw new UsageException("the prompt is empty, and this model has no token to begin with: give -p TEXT.");
            var answer = await Answer.StreamAsync(loaded, sampling.Request(parsed, ids), terminal, asJson, cancellation);
            terminal.Out.WriteLine(asJson ? Json.Line(answer.ToJson(loaded, load)) : "");
            return answer.Finish is null ? ExitCode.Interrupted : ExitCode.Ok;
        });
        return verb;
    }

    /// <summary>The value of -p, or the input where it is '-' or absent.</summary>
    public static string PromptText(string? given, Terminal terminal)
    {
        if (given is not (null or "-")) return given;
        if (given is null && terminal.InIsTerminal) throw new UsageException("there is no prompt: give -p TEXT, or pipe one in.");
        var text = terminal.In.ReadToEnd();
        return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
    }
}
