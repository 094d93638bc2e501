using System.Text.Json.Nodes;
using Homegrown.Engine.Chat;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Chat;

/// <summary>Real templates against what Jinja2 3.1.6 renders.</summary>
public sealed class ChatTemplateGoldenTests
{
    [Fact]
    public void The_copied_templates_render_every_conversation_as_Jinja2_does() => Check(Repository.Fixture("templates"));

    [Fact]
    public void All_shared_templates_render_every_conversation_as_Jinja2_does() => Check(Repository.Shared("templates"));

    static void Check(string folder)
    {
        var failures = new List<string>();
        var count = 0;
        foreach (var path in Directory.EnumerateFiles(folder, "*.jinja").Order(StringComparer.Ordinal))
        {
            var expected = TemplateFixtures.Json(path + ".expected.json");
            foreach (var (name, variables) in TemplateFixtures.Conversations)
            {
                count++;
                // The expected texts come from Jinja2 without the generation tag of transformers.
                Func<ChatTemplate> read = () => new(File.ReadAllText(path), TemplateFixtures.SpecialTokens, TemplateFixtures.Clock, knowsGeneration: false);
                var prompt = TemplateFixtures.Prompt(variables);
                foreach (var render in (Func<IReadOnlyList<PromptSpan>>[])[() => read().Render(variables), () => read().Render(prompt)])
                    if (Difference(render, expected[name]!.AsObject()) is { } difference) failures.Add($"{Path.GetFileName(path)} {name}: {difference}");
            }
        }
        Assert.NotEqual(0, count);
        Assert.True(failures.Count == 0, string.Join("\n", failures));
    }

    static string? Difference(Func<IReadOnlyList<PromptSpan>> render, JsonObject expected)
    {
        string got;
        try
        {
            got = TemplateFixtures.Join(render());
        }
        catch (TemplateException problem)
        {
            var error = (string?)expected["error"] ?? "a text";
            return error.EndsWith(problem.Problem, StringComparison.Ordinal) ? null : $"expected {error}, got {problem.Message}";
        }
        return (string?)expected["text"] == got ? null : $"expected {expected.ToJsonString()}, got {JsonValue.Create(got).ToJsonString()}";
    }
}
