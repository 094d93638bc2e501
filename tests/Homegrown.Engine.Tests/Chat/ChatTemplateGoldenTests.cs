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
                var difference = Difference(File.ReadAllText(path), variables, expected[name]!.AsObject());
                if (difference is not null) failures.Add($"{Path.GetFileName(path)} {name}: {difference}");
            }
        }
        Assert.NotEqual(0, count);
        Assert.True(failures.Count == 0, string.Join("\n", failures));
    }

    static string? Difference(string source, JsonObject variables, JsonObject expected)
    {
        string got;
        try
        {
            // The expected texts come from Jinja2 without the generation tag of transformers.
            var template = new ChatTemplate(source, TemplateFixtures.SpecialTokens, TemplateFixtures.Clock, knowsGeneration: false);
            got = TemplateFixtures.Join(template.Render(variables));
        }
        catch (TemplateException problem)
        {
            var error = (string?)expected["error"];
            return error is not null && error.EndsWith(problem.Problem, StringComparison.Ordinal) ? null : $"expected {error ?? "a text"}, got {problem.Message}";
        }
        return (string?)expected["text"] == got ? null : $"expected {expected.ToJsonString()}, got {JsonValue.Create(got).ToJsonString()}";
    }
}
