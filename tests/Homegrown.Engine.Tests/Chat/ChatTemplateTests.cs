using System.Text.Json.Nodes;
using Homegrown.Engine.Chat;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Chat;

public sealed class ChatTemplateTests
{
    static readonly Dictionary<string, string> NoTokens = [];

    [Fact]
    public void A_prompt_renders_as_the_same_variables_do()
    {
        var template = TemplateFixtures.Read(Repository.Fixture("templates", "Qwen-Qwen3-0.6B.jinja"));
        var prompt = new ChatPrompt
        {
            Messages =
            [
                new() { Role = "user", Content = "Weather in 北京?" },
                new()
                {
                    Role = "assistant", Content = "",
                    Extra = Json("""
                        {"tool_calls": [{"id": "call00001", "type": "function",
                                         "function": {"name": "get_weather", "arguments": "{\"city\": \"北京\", \"unit\": \"c\"}"}}]}
                        """),
                },
                new() { Role = "tool", Content = "{\"temp\": 21}", Extra = Json("""{"tool_call_id": "call00001", "name": "get_weather"}""") },
            ],
            Tools = TemplateFixtures.Conversation("tool_round")["tools"]!.DeepClone().AsArray(),
        };
        Assert.Equal(template.Render(TemplateFixtures.Conversation("tool_round")), template.Render(prompt));
    }

    [Fact]
    public void Arguments_that_are_no_JSON_object_stay_the_string_they_are()
    {
        var prompt = Prompt("assistant", null, """
            {"tool_calls": [{"function": {"arguments": "{broken"}}, {"function": {"arguments": "[1]"}}, {"function": {"arguments": "{\"a\":1,\"a\":2}"}}]}
            """);
        Assert.Equal("""["{broken", "[1]", "{\"a\":1,\"a\":2}"]""",
            Render("{{ messages[0].tool_calls|map(attribute='function.arguments')|list|tojson }}", prompt));
    }

    [Fact]
    public void Absent_tools_are_undefined_and_absent_content_is_None()
    {
        const string source = "{{ tools is undefined }} {{ messages[0].content is none }} {{ messages[0].name is undefined }}";
        Assert.Equal("True True True", Render(source, Prompt("assistant", null)));
    }

    [Fact]
    public void Further_fields_come_after_role_and_content_in_their_order() =>
        Assert.Equal("""{"role": "user", "content": "x", "name": "n", "b": 1, "a": 2.0}""",
            Render("{{ messages[0]|tojson }}", Prompt("user", "x", """{"name": "n", "b": 1, "a": 2.0}""")));

    [Fact]
    public void Variables_reach_the_template_and_do_not_replace_the_conversation()
    {
        var variables = Json("""{"enable_thinking": false, "messages": [], "add_generation_prompt": false, "bos_token": "B"}""");
        var prompt = Prompt("user", "x") with { Variables = variables };
        Assert.Equal("False 1 True B", Render("{{ enable_thinking }} {{ messages|length }} {{ add_generation_prompt }} {{ bos_token }}", prompt));
    }

    [Fact]
    public void The_generation_tag_marks_and_changes_nothing_unless_plain_Jinja2_is_wanted()
    {
        const string source = "a{% generation %}{% set x = 1 %}b{{ x }}{% endgeneration %}c{{ x }}";
        Assert.Equal("ab1c", Render(source, Prompt("user", "x")));
        var error = Assert.Throws<TemplateException>(() => new ChatTemplate(source, NoTokens, knowsGeneration: false));
        Assert.Equal("Encountered unknown tag 'generation'.", error.Problem);
    }

    [Fact]
    public void A_model_whose_template_has_generation_blocks_can_be_talked_to()
    {
        var template = TemplateFixtures.Read(Repository.Fixture("templates", "LFM2.5-8B-A1B.jinja"));
        var text = TemplateFixtures.Join(template.Render(TemplateFixtures.Conversation("system_multi")));
        Assert.StartsWith("<s><|im_start|>system\nYou are terse.", text, StringComparison.Ordinal);
        Assert.EndsWith("<|im_start|>assistant\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_clock_is_the_callers() =>
        Assert.Equal("14 Mar 2025", TemplateFixtures.Join(new ChatTemplate("{{ strftime_now('%d %b %Y') }}", NoTokens, TemplateFixtures.Clock).Render([])));

    [Fact]
    public void The_templates_refusal_comes_in_its_own_words()
    {
        var template = TemplateFixtures.Read(Repository.Fixture("templates", "google-gemma-2-2b-it.jinja"));
        var error = Assert.Throws<TemplateException>(() => template.Render(new ChatPrompt { Messages = [new() { Role = "system", Content = "x" }] }));
        Assert.Equal("System role not supported", error.Problem);
    }

    [Theory]
    [InlineData("""{"a": 1, "a": 2}""")]
    [InlineData("""["\ud800"]""")]
    public void Variables_that_are_not_proper_JSON_are_a_template_error(string json)
    {
        var variables = new JsonObject { ["x"] = JsonNode.Parse(json) };
        var error = Assert.Throws<TemplateException>(() => new ChatTemplate("{{ x }}", NoTokens).Render(variables));
        Assert.StartsWith("a variable of the template is not proper JSON", error.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_template_renders_on_many_threads_at_once()
    {
        var template = TemplateFixtures.Read(Repository.Fixture("templates", "NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use.jinja"));
        var alone = template.Render(TemplateFixtures.Conversation("tool_round"));
        var together = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => template.Render(TemplateFixtures.Conversation("tool_round")))));
        Assert.All(together, spans => Assert.Equal(alone, spans));
    }

    static ChatPrompt Prompt(string role, string? content, string? extra = null) =>
        new() { Messages = [new() { Role = role, Content = content, Extra = extra is null ? null : Json(extra) }] };

    static string Render(string source, ChatPrompt prompt) => TemplateFixtures.Join(new ChatTemplate(source, NoTokens).Render(prompt));

    static JsonObject Json(string json) => JsonNode.Parse(json)!.AsObject();
}
