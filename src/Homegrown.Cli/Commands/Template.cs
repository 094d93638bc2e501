using System.CommandLine;
using System.Text.Json.Nodes;
using Homegrown.Engine.Chat;

namespace Homegrown.Cli.Commands;

/// <summary>homegrown template: renders a chat template on a conversation, to see what a model would read.</summary>
static class Template
{
    // What the prompt's own fields hold; every other key of a case is a variable of the template.
    static readonly string[] fields = ["messages", "tools", "add_generation_prompt", "special"];

    public static Command Create(Terminal terminal)
    {
        var verb = new Verb("template", "Renders a chat template (Jinja) on a conversation.",
            "homegrown template chat.jinja --case conversation.json",
            "homegrown template chat.jinja --case cases.json --name tools --special bos_token=<s>");
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
        verb.Add(file);
        foreach (var option in (ReadOnlySpan<Option>)[conversation, name, special]) verb.Add(option);
        verb.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(conversation);
            var (one, tokens) = Choose(Json.ReadObject(path), parsed.GetValue(name), path);
            foreach (var given in parsed.GetValue(special) ?? [])
            {
                if (given.IndexOf('=') is not (> 0 and var equals)) throw new UsageException($"--special {given}: expected NAME=TEXT.");
                tokens[given[..equals]] = given[(equals + 1)..];
            }
            var template = new ChatTemplate(File.ReadAllText(parsed.GetRequiredValue(file)), tokens);
            foreach (var span in template.Render(ToPrompt(one, path))) terminal.Out.Write(span.Text);
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

    static ChatPrompt ToPrompt(JsonObject one, string path)
    {
        if (one["messages"] is not JsonArray messages) throw new UsageException($"{path}: messages: expected an array.");
        return new ChatPrompt
        {
            Messages = [.. messages.Select((message, index) => MessageJson.Read(message, $"{path}: messages[{index}]"))],
            Tools = one["tools"] as JsonArray,
            AddGenerationPrompt = one["add_generation_prompt"]?.GetValue<bool>() ?? true,
            Variables = new JsonObject(one.Where(pair => !fields.Contains(pair.Key)).Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone()))),
        };
    }
}
