using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Homegrown.Engine.Chat;

namespace Homegrown.Server.Wire;

/// <summary>The messages of a chat request.</summary>
static class ChatMessages
{
    public static IReadOnlyList<ChatMessage> Read(JsonFields fields)
    {
        fields.Require("messages", "send at least one message");
        var messages = new List<ChatMessage>();
        foreach (var item in fields.List("messages")!.Value) messages.Add(ReadOne(item, $"messages[{messages.Count}]"));
        return messages.Count > 0 ? messages : throw ApiException.Invalid("messages", "is empty: send at least one message.");
    }

    static ChatMessage ReadOne(JsonElement item, string path)
    {
        if (item.ValueKind != JsonValueKind.Object) throw JsonFields.Wrong(path, "an object", item.GetRawText());
        var fields = new JsonFields(item, path);
        var role = fields.Text("role");
        if (role is not ("system" or "developer" or "user" or "assistant" or "tool"))
            throw ApiException.Invalid(fields.PathOf("role"),
                $"must be system, developer, user, assistant or tool, not {(role is null ? "missing" : $"'{role}'")}.");
        var content = Content(fields);
        if (content is null && role != "assistant") throw ApiException.Invalid(fields.PathOf("content"), "is missing: give a string or text parts.");
        return new ChatMessage
        {
            // OpenAI renamed system to developer for its later models. Every template knows system, few know developer, and those
            // that do treat the two alike.
            Role = role == "developer" ? "system" : role,
            Content = content,
            Extra = Extra(item),
        };
    }

    /// <summary>A string, or parts of type text, which are joined as they come; other kinds are refused by their path.</summary>
    static string? Content(JsonFields fields)
    {
        if (fields.Find("content") is not { ValueKind: JsonValueKind.Array } parts) return fields.Text("content");
        var text = new StringBuilder();
        var index = 0;
        foreach (var part in parts.EnumerateArray())
        {
            var path = fields.PathOf($"content[{index++}]");
            if (part.ValueKind != JsonValueKind.Object) throw JsonFields.Wrong(path, "an object", part.GetRawText());
            var partFields = new JsonFields(part, path);
            var type = partFields.Text("type");
            if (type is not ("text" or "refusal"))
                throw ApiException.Unsupported($"{path}.type", $"'{type}' is not supported: this model reads text parts only.");
            text.Append(partFields.Text(type) ?? throw ApiException.Invalid($"{path}.{type}", "is missing."));
        }
        return text.ToString();
    }

    static JsonObject? Extra(JsonElement item)
    {
        var extra = new JsonObject();
        foreach (var field in item.EnumerateObject())
            if (field.Name is not ("role" or "content") && field.Value.ValueKind != JsonValueKind.Null) extra[field.Name] = JsonFields.Copy(field.Value);
        return extra.Count > 0 ? extra : null;
    }
}
