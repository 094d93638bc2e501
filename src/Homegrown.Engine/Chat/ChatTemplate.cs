using System.Text.Json;
using System.Text.Json.Nodes;
using Homegrown.Engine.Chat.Jinja;

namespace Homegrown.Engine.Chat;

/// <summary>
/// A model's chat template (Jinja), parsed once, rendered by any number of threads. It behaves as in Hugging Face transformers:
/// Jinja2's immutable sandbox with trim_blocks and lstrip_blocks, loop controls, the generation tag, raise_exception,
/// strftime_now, and tojson as plain json.dumps. Loops, strings and recursion are bounded, and nothing of .NET can be reached.
/// </summary>
public sealed class ChatTemplate
{
    /// <summary>
    /// Roles of the OpenAI API. Templates build control tokens around them ("&lt;|" + role + "|&gt;"), so these words count as the
    /// template's own; any other role is the caller's text, and no control token forms from it.
    /// </summary>
    static readonly HashSet<string> KnownRoles = ["system", "developer", "user", "assistant", "tool", "function"];

    readonly Body body;
    readonly IReadOnlyDictionary<string, string> specialTokens;
    readonly TimeProvider clock;

    /// <param name="source">The template.</param>
    /// <param name="specialTokens">bos_token, eos_token, ... as the template may name them; their text counts as the template's own.</param>
    /// <param name="clock">What strftime_now reads; the machine's clock and zone by default.</param>
    /// <param name="knowsGeneration">Accepts {% generation %} blocks, as transformers does; plain Jinja2 refuses them.</param>
    /// <exception cref="TemplateException">The source is not a template; the line is named.</exception>
    public ChatTemplate(string source, IReadOnlyDictionary<string, string> specialTokens, TimeProvider? clock = null, bool knowsGeneration = true)
    {
        (this.specialTokens, this.clock) = (specialTokens, clock ?? TimeProvider.System);
        body = Guarded(() => Parser.Parse(source, knowsGeneration));
    }

    /// <summary>The conversation as text, knowing which stretches came from the caller.</summary>
    /// <exception cref="TemplateException">The template refuses the conversation or fails on it.</exception>
    public IReadOnlyList<PromptSpan> Render(ChatPrompt prompt)
    {
        var variables = new JsonObject();
        foreach (var (name, value) in prompt.Variables ?? []) variables[name] = value?.DeepClone();
        variables["messages"] = new JsonArray([.. prompt.Messages.Select(ToJson)]);
        // Absent, both are None for templates, which ask "if tools" and "tools is not none" alike.
        variables["tools"] = prompt.Tools?.DeepClone();
        variables["documents"] = variables["documents"]?.DeepClone();
        variables["add_generation_prompt"] = prompt.AddGenerationPrompt;
        return Render(variables);
    }

    /// <summary>Renders with exactly these variables, which go before the special tokens.</summary>
    /// <exception cref="TemplateException">The template refuses the variables or fails on them.</exception>
    public IReadOnlyList<PromptSpan> Render(JsonObject variables) => Guarded(() =>
    {
        var globals = new Scope(new Run(clock), null);
        foreach (var (name, function) in Catalog.Globals) globals.Set(name, function);
        foreach (var (name, token) in specialTokens) globals.Set(name, Text.Literal(token));
        var scope = globals.Inner();
        foreach (var (name, value) in variables) scope.Set(name, JsonValues.From(value));
        if (scope.TryGet("messages", out var messages) && messages is List<object?> list) TrustKnownRoles(list);
        var output = new TextBuilder();
        body.Execute(scope.Inner(), output);
        return output.ToSpans();
    });

    static JsonObject ToJson(ChatMessage message)
    {
        var json = new JsonObject { ["role"] = message.Role, ["content"] = message.Content };
        foreach (var (name, value) in message.Extra ?? []) json[name] = value?.DeepClone();
        foreach (var call in json["tool_calls"] as JsonArray ?? [])
        {
            // The API carries a call's arguments as a string of JSON; templates iterate over them or write them with tojson,
            // which would quote a string once more.
            if (call?["function"] is JsonObject function && function["arguments"] is JsonValue arguments
                && arguments.TryGetValue<string>(out var text) && TryParse(text) is { } parsed)
                function["arguments"] = parsed;
        }
        return json;
    }

    static JsonObject? TryParse(string text)
    {
        try { return JsonNode.Parse(text) as JsonObject; }
        catch (JsonException) { return null; }
    }

    static void TrustKnownRoles(List<object?> messages)
    {
        var key = Text.FromCaller("role");
        foreach (var message in messages.OfType<DictValue>())
            if (message.TryGet(key, out var role) && role is Text text && KnownRoles.Contains(text.Value)) message[key] = Text.Literal(text.Value);
    }

    /// <summary>What a hostile template or hostile variables can make go wrong, as the one exception that callers await.</summary>
    static T Guarded<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (InsufficientExecutionStackException problem)
        {
            throw new TemplateException("the template or its values are nested too deeply", inner: problem);
        }
    }
}
