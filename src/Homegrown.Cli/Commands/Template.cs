using System.CommandLine;
using System.Text.Json.Nodes;
using Homegrown.Engine.Chat;

namespace Homegrown.Cli.Commands;

/// <summary>homegrown template: renders a chat template on a conversation, to see what a model would read.</summary>
static class Template
{
    public static Command Create(Terminal terminal)
    {
        var verb = new Verb("template", "Renders a chat template (Jinja) on a conversation.",
            "homegrown template chat.jinja --case conversation.json",
            "homegrown template chat.jinja --case cases.json --name tools --special bos_token=<s> --now '2025-03-14 09:26:53'");
        var file = new Argument<string>("FILE") { Description = "The template." };
        var conversation = new Option<string>("--case")
        {
            Description = "A JSON object: messages, tools, add_generation_prompt, special (bos_token and the like), and variables of the template; "
                + "or one of many under \"cases\", chosen by --name.",
            HelpName = "FILE",
            Required = true,
        };
        var name = new Option<string?>("--name") { Description = "The case to take from a file of many.", HelpName = "CASE" };
        var special = new Option<string[]>("--special") { Description = "A special token; may be given several times.", HelpName = "NAME=TEXT" };
        var now = new Option<DateTime?>("--now") { Description = "What strftime_now says; the machine's clock by default.", HelpName = "TIME" };
        var generation = new Option<bool>("--generation") { Description = "Accept {% generation %} blocks, as transformers and the engine do; plain Jinja2 refuses them." };
        verb.Add(file);
        foreach (var option in (ReadOnlySpan<Option>)[conversation, name, special, now, generation]) verb.Add(option);
        verb.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(conversation);
            var (one, tokens) = Choose(Json.ReadObject(path), parsed.GetValue(name), path);
            foreach (var given in parsed.GetValue(special) ?? [])
            {
                if (given.IndexOf('=') is not (> 0 and var equals)) throw new UsageException($"--special {given}: expected NAME=TEXT.");
                tokens[given[..equals]] = given[(equals + 1)..];
            }
            if (one["messages"] is not JsonArray) throw new UsageException($"{path}: messages: expected an array.");
            var clock = parsed.GetValue(now) is { } time ? new StoppedClock(time) : TimeProvider.System;
            var template = new ChatTemplate(File.ReadAllText(parsed.GetRequiredValue(file)), tokens, clock, parsed.GetValue(generation));
            one.Remove("special");
            foreach (var span in template.Render(one)) terminal.Out.Write(span.Text);
            return ExitCode.Ok;
        });
        return verb;
    }

    static (JsonObject Case, Dictionary<string, string> Special) Choose(JsonObject file, string? name, string path)
    {
        var one = file;
        if (file["cases"] is JsonObject cases)
        {
            var names = string.Join(", ", cases.Select(known => known.Key));
            if (name is null) throw new UsageException($"{path} holds several cases: choose one with --name. There is: {names}.");
            one = cases[name] as JsonObject ?? throw new UsageException($"{path} has no case '{name}'. There is: {names}.");
        }
        var special = one["special"] as JsonObject ?? file["special"] as JsonObject ?? [];
        return (one, special.ToDictionary(token => token.Key, token => token.Value?.ToString() ?? ""));
    }

    /// <summary>A clock that stands still, in the zone that it is read in.</summary>
    sealed class StoppedClock(DateTime time) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));
    }
}
