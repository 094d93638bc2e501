using System.Text.Json.Nodes;

namespace Homegrown.Engine.Chat;

/// <summary>One message of a conversation, in the OpenAI API's terms.</summary>
public sealed record ChatMessage
{
    /// <summary>system, developer, user, assistant or tool.</summary>
    public required string Role { get; init; }

    /// <summary>Text; null where an assistant only called tools.</summary>
    public string? Content { get; init; }

    /// <summary>Further fields that a template may read (name, tool_calls, tool_call_id, reasoning_content), as they came.</summary>
    public JsonObject? Extra { get; init; }
}

/// <summary>What a chat template renders.</summary>
public sealed record ChatPrompt
{
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>Tools in the OpenAI API's form, or null.</summary>
    public JsonArray? Tools { get; init; }

    /// <summary>Ends with the start of the assistant's answer.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>Further variables of the template (enable_thinking, ...): chat_template_kwargs on the wire.</summary>
    public JsonObject? Variables { get; init; }
}

/// <summary>A stretch of rendered text that came from one kind of source.</summary>
/// <param name="FromContent">It came from a message's content (or another value the caller gave), not from the template.</param>
public readonly record struct PromptSpan(string Text, bool FromContent);
