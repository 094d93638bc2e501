using System.Text.Json;
using Homegrown.Engine.Library;
using Homegrown.Engine.Sampling;
using Microsoft.Extensions.AI;

namespace Homegrown.Engine.Tests.Library;

public class ChatMappingTests
{
    [Fact]
    public void Every_option_reaches_the_request()
    {
        var request = ChatMapping.Request([1, 2], new ChatOptions
        {
            Temperature = 0.5f,
            TopP = 0.9f,
            TopK = 40,
            FrequencyPenalty = 0.1f,
            PresencePenalty = 0.2f,
            Seed = -1,
            MaxOutputTokens = 7,
            StopSequences = ["\n\n"],
            AdditionalProperties = new()
            {
                ["min_p"] = 0.05,
                ["typical_p"] = JsonSerializer.SerializeToElement(0.75),
                ["repeat_penalty"] = "1.5",
                ["repeat_last_n"] = 32,
                ["dry_multiplier"] = 0.8,
                ["mirostat"] = 2,
            },
        });
        var expected = new SamplingOptions
        {
            Temperature = 0.5f,
            TopP = 0.9f,
            TopK = 40,
            FrequencyPenalty = 0.1f,
            PresencePenalty = 0.2f,
            Seed = ulong.MaxValue,
            MinP = 0.05f,
            TypicalP = 0.75f,
            RepeatPenalty = 1.5f,
            PenaltyLastN = 32,
            Dry = new DryOptions { Multiplier = 0.8f },
            Mirostat = 2,
        };
        Assert.Equal(expected, request.Sampling);
        Assert.Equal([1, 2], request.Prompt);
        Assert.Equal(7, request.MaxTokens);
        Assert.Equal(["\n\n"], request.Stop);
    }

    [Fact]
    public void Without_options_all_is_neutral()
    {
        var request = ChatMapping.Request([1], null);
        Assert.Equal(new SamplingOptions(), request.Sampling);
        Assert.Null(request.MaxTokens);
        Assert.Empty(request.Stop);
    }

    [Fact]
    public void Roles_and_texts_are_kept_and_instructions_come_first()
    {
        var twoParts = new ChatMessage(ChatRole.User, [new TextContent("a"), new TextContent("b")]);
        ChatMessage[] messages = [twoParts, new(ChatRole.Assistant, "c"), new(new ChatRole("developer"), "d")];
        var prompt = ChatMapping.Prompt(messages, new ChatOptions { Instructions = "Be brief." });
        Assert.Equal([("system", "Be brief."), ("user", "ab"), ("assistant", "c"), ("developer", "d")], prompt.Messages.Select(m => (m.Role, m.Content)));
        Assert.True(prompt.AddGenerationPrompt);
    }

    [Theory]
    [InlineData("min_p", 2.0)]
    [InlineData("min_p", "much")]
    [InlineData("repeat_last_n", null)]
    [InlineData("repeat_last_n", 1e10)]
    public void A_wrong_additional_property_is_named(string name, object? value)
    {
        var options = new ChatOptions { AdditionalProperties = new() { [name] = value } };
        Assert.Equal(name, Assert.Throws<SamplingOptionException>(() => ChatMapping.Request([1], options)).Parameter);
    }

    [Fact]
    public void What_it_cannot_do_is_refused_by_name()
    {
        ChatMessage[] image = [new(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")])];
        Assert.Contains("DataContent", Refusal(image, null), StringComparison.Ordinal);
        Assert.Contains("Tools", Refusal([], new ChatOptions { Tools = [AIFunctionFactory.Create(() => 1, "one")] }), StringComparison.Ordinal);
        Assert.Contains("JSON", Refusal([], new ChatOptions { ResponseFormat = ChatResponseFormat.Json }), StringComparison.Ordinal);
        Assert.Contains("ConversationId", Refusal([], new ChatOptions { ConversationId = "x" }), StringComparison.Ordinal);
    }

    static string Refusal(ChatMessage[] messages, ChatOptions? options) =>
        Assert.Throws<NotSupportedException>(() => ChatMapping.Prompt(messages, options)).Message;
}
