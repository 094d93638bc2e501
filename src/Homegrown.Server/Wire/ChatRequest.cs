using System.Text.Json;
using System.Text.Json.Nodes;
using Homegrown.Engine;
using Homegrown.Engine.Chat;

namespace Homegrown.Server.Wire;

/// <summary>A request to /v1/chat/completions, read and checked.</summary>
sealed record ChatRequest(ChatPrompt Prompt, GenerationRequest Generation, int Choices, bool Stream, bool IncludeUsage)
{
    /// <param name="vocabulary">Number of the model's token ids.</param>
    public static ChatRequest Read(JsonFields fields, int vocabulary)
    {
        RefuseUnserved(fields);
        var stream = fields.Flag("stream");
        var generation = GenerationFields.Read(fields, vocabulary) with
        {
            MaxTokens = fields.Integer("max_completion_tokens", 1) ?? fields.Integer("max_tokens", 1),
            TopLogprobs = TopLogprobs(fields),
        };
        var prompt = new ChatPrompt
        {
            Messages = ChatMessages.Read(fields),
            Tools = Tools(fields),
            Variables = fields.Object("chat_template_kwargs"),
        };
        return new ChatRequest(prompt, generation, GenerationFields.Choices(fields), stream, GenerationFields.IncludeUsage(fields, stream));
    }

    static void RefuseUnserved(JsonFields fields)
    {
        if (fields.Find("functions") is not null) throw ApiException.Unsupported("functions", "is not supported: use 'tools'.");
        if (fields.Texts("modalities", 8).Any(m => m != "text")) throw ApiException.Unsupported("modalities", "other than \"text\" are not supported.");
        if (fields.Fields("response_format") is { } format && format.Text("type") is not (null or "text"))
            throw ApiException.Unsupported("response_format", $"'{format.Text("type")}' is not supported yet: only \"text\" is.");
    }

    static int? TopLogprobs(JsonFields fields)
    {
        var count = fields.Integer("top_logprobs", 0, 20);
        if (fields.Flag("logprobs")) return count ?? 0;
        return count is null or 0 ? null : throw ApiException.Invalid("top_logprobs", "needs 'logprobs' set to true.");
    }

    /// <summary>The template tells the model of the tools; "none" keeps them from it. A call cannot be forced before grammars come.</summary>
    static JsonArray? Tools(JsonFields fields)
    {
        if (fields.Find("tool_choice") is { } choice && !(choice.ValueKind == JsonValueKind.String && choice.GetString() is "auto" or "none"))
            throw ApiException.Unsupported("tool_choice", "other than \"auto\" and \"none\" is not supported yet.");
        if (fields.List("tools") is not { } tools) return null;
        var list = new JsonArray();
        foreach (var tool in tools)
        {
            var path = $"tools[{list.Count}]";
            if (tool.ValueKind != JsonValueKind.Object) throw JsonFields.Wrong(path, "an object", tool.GetRawText());
            var toolFields = new JsonFields(tool, path);
            if (toolFields.Text("type") is not "function") throw ApiException.Invalid($"{path}.type", "must be \"function\".");
            if (toolFields.Fields("function")?.Text("name") is not { Length: > 0 }) throw ApiException.Invalid($"{path}.function.name", "is missing.");
            list.Add(JsonFields.Copy(tool));
        }
        return list.Count == 0 || fields.Text("tool_choice") == "none" ? null : list;
    }
}
