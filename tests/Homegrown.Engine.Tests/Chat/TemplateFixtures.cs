using System.Text.Json.Nodes;
using Homegrown.Engine.Chat;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Chat;

/// <summary>Templates with the conversations to render and what Jinja2 makes of them.</summary>
static class TemplateFixtures
{
    /// <summary>The moment at which strftime_now was fixed for the expected texts.</summary>
    public static readonly TimeProvider Clock = new FixedClock(new(2025, 3, 14, 9, 26, 53, TimeSpan.Zero));

    static readonly JsonObject Cases = Json(Repository.Fixture("templates", "cases.json"));

    public static Dictionary<string, string> SpecialTokens { get; } =
        Cases["special"]!.AsObject().ToDictionary(token => token.Key, token => token.Value!.GetValue<string>());

    public static IEnumerable<(string Name, JsonObject Variables)> Conversations =>
        Cases["cases"]!.AsObject().Select(item => (item.Key, item.Value!.AsObject()));

    public static JsonObject Conversation(string name) => Cases["cases"]![name]!.DeepClone().AsObject();

    /// <summary>The same conversation as the API gives it.</summary>
    public static ChatPrompt Prompt(JsonObject variables) => new()
    {
        Messages = [.. variables["messages"]!.AsArray().Select(message => new ChatMessage
        {
            Role = message!["role"]!.GetValue<string>(),
            Content = (string?)message["content"],
            Extra = Without(message.AsObject(), "role", "content"),
        })],
        Tools = variables["tools"]?.AsArray(),
        AddGenerationPrompt = variables["add_generation_prompt"]!.GetValue<bool>(),
        Variables = Without(variables, "messages", "tools", "add_generation_prompt"),
    };

    public static ChatTemplate Read(string path) => new(File.ReadAllText(path), SpecialTokens, Clock);

    public static JsonObject Json(string path) => JsonNode.Parse(File.ReadAllText(path))!.AsObject();

    public static string Join(IEnumerable<PromptSpan> spans) => string.Concat(spans.Select(span => span.Text));

    static JsonObject Without(JsonObject source, params string[] names) =>
        new(source.Where(field => !names.Contains(field.Key)).Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone())));

    sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => now;
    }
}
