using System.Text.Json;
using System.Text.Json.Nodes;
using Homegrown.Engine.Chat;

namespace Homegrown.Cli;

/// <summary>A message as the OpenAI API writes it: role, content, and whatever else it has.</summary>
static class MessageJson
{
    /// <param name="place">Where it stands, for the error.</param>
    /// <exception cref="UsageException">No object with a role, or a content that is no text.</exception>
    public static ChatMessage Read(JsonNode? node, string place)
    {
        if (node is not JsonObject message || message["role"]?.GetValueKind() != JsonValueKind.String)
            throw new UsageException($"{place}: expected an object with a role.");
        var content = message["content"];
        if (content is not null && content.GetValueKind() != JsonValueKind.String) throw new UsageException($"{place}.content: expected text or null.");
        var extra = message.Where(pair => pair.Key is not ("role" or "content")).Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone()));
        return new ChatMessage
        {
            Role = message["role"]!.GetValue<string>(),
            Content = content?.GetValue<string>(),
            Extra = extra.Any() ? new JsonObject(extra) : null,
        };
    }

    public static JsonObject Write(ChatMessage message)
    {
        var json = new JsonObject { ["role"] = message.Role, ["content"] = message.Content };
        foreach (var (key, value) in message.Extra ?? []) json[key] = value?.DeepClone();
        return json;
    }
}
