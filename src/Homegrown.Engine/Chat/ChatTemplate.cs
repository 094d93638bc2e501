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
    public IReadOnlyList<PromptSpan> Render(ChatPrompt prompt) => Guarded(() =>
    {
        var variables = new Dictionary<string, object?>();
        foreach (var (name, value) in JsonValues.FromObject(prompt.Variables ?? [])) variables[((Text)name!).Value] = value;
        variables["messages"] = prompt.Messages.Select(ToValue).ToList();
        // Absent tools stay undefined: some templates go through them without asking, and None has no items.
        if (prompt.Tools is not null) variables["tools"] = JsonValues.From(prompt.Tools);
        variables["add_generation_prompt"] = prompt.AddGenerationPrompt;
        return Render(variables);
    });

    /// <summary>Renders with exactly these variables, which go before the special tokens.</summary>
    /// <exception cref="TemplateException">The template refuses the variables or fails on them.</exception>
    public IReadOnlyList<PromptSpan> Render(JsonObject variables) => Guarded(() =>
        Render(JsonValues.FromObject(variables).ToDictionary(item => ((Text)item.Key!).Value, item => item.Value)));

    IReadOnlyList<PromptSpan> Render(Dictionary<string, object?> variables)
    {
        var globals = new Scope(new Run(clock), null);
        foreach (var (name, function) in Catalog.Globals) globals.Set(name, function);
        foreach (var (name, token) in specialTokens) globals.Set(name, Text.Literal(token));
        var scope = globals.Inner();
        foreach (var (name, value) in variables) scope.Set(name, value);
        if (variables.GetValueOrDefault("messages") is List<object?> messages) TrustKnownRoles(messages);

        var output = new TextBuilder();
        body.Execute(scope, output);
        return output.ToSpans();
    }

    static object? ToValue(ChatMessage message)
    {
        var value = new DictValue { [Text.FromCaller("role")] = Text.FromCaller(message.Role) };
        value[Text.FromCaller("content")] = message.Content is null ? null : Text.FromCaller(message.Content);
        foreach (var (name, field) in JsonValues.FromObject(message.Extra ?? [])) value[name] = field;
        if (Field(value, "tool_calls") is not List<object?> calls) return value;
        foreach (var call in calls)
        {
            // The API carries a call's arguments as a string of JSON; templates go through them or write them with tojson,
            // which would quote a string once more.
            if (Field(call, "function") is DictValue function && Field(function, "arguments") is Text text
                && JsonValues.ParseObject(text.Value) is { } arguments)
                function[Text.FromCaller("arguments")] = arguments;
        }
        return value;
    }

    static object? Field(object? value, string name) => value is DictValue dict && dict.TryGet(Text.FromCaller(name), out var field) ? field : null;

    static void TrustKnownRoles(List<object?> messages)
    {
        foreach (var message in messages.OfType<DictValue>())
            if (Field(message, "role") is Text role && KnownRoles.Contains(role.Value)) message[Text.FromCaller("role")] = Text.Literal(role.Value);
    }

    /// <summary>What hostile templates and variables can exhaust, as the one exception that callers await.</summary>
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
