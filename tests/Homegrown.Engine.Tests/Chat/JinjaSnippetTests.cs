using System.Text.Json.Nodes;
using Homegrown.Engine.Chat;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Chat;

/// <summary>The language in small pieces, against what Jinja2 3.1.6 makes of each.</summary>
public sealed class JinjaSnippetTests
{
    [Fact]
    public void Each_snippet_renders_or_raises_as_in_Jinja2()
    {
        var fixture = TemplateFixtures.Json(Repository.Fixture("templates", "jinja-snippets.json"));
        var context = fixture["context"]!.AsObject();
        var cases = fixture["cases"]!.AsArray();
        Assert.True(cases.Count > 500);
        var failures = cases.Select(item => Difference(item!.AsObject(), context)).OfType<string>().ToList();
        Assert.True(failures.Count == 0, string.Join("\n", failures));
    }

    [Theory]
    [InlineData("a\n{{ nope.x }}", 2, "'nope' is undefined")]
    [InlineData("{% if 1 %}\n\n{% for x in 5 %}{% endfor %}{% endif %}", 3, "'int' object is not iterable")]
    [InlineData("{% macro m() %}\n{{ 1/0 }}{% endmacro %}\n{{ m() }}", 2, "division by zero")]
    [InlineData("a\r\nb\r\n{% frobnicate %}", 3, "Encountered unknown tag 'frobnicate'.")]
    [InlineData("{# \n\n #}\n{{ 'a' + }}", 4, "unexpected 'end of print statement'")]
    [InlineData("\n{{ 2 ** 63 }}", 2, "a number goes beyond 64 bits")]
    [InlineData("\n{{ 99999999999999999999 }}", 2, "the integer 99999999999999999999 does not fit 64 bits")]
    [InlineData("\n{{ raise_exception('Roles must alternate') }}", 2, "Roles must alternate")]
    public void An_error_names_the_line_and_the_problem(string source, int line, string problem)
    {
        var error = Assert.Throws<TemplateException>(() => Render(source, []));
        Assert.Equal((line, problem), (error.Line, error.Problem));
        Assert.Equal($"chat template, line {line}: {problem}", error.Message);
    }

    [Fact]
    public void Integers_beyond_64_bits_pass_through_but_are_not_computed_with()
    {
        var variables = JsonNode.Parse("""{"n": 18446744073709551616}""")!.AsObject();
        Assert.Equal("18446744073709551616 [18446744073709551616] True", Render("{{ n }} {{ [n]|tojson }} {{ n == n }}", variables));
        Assert.Throws<TemplateException>(() => Render("{{ n + 1 }}", variables));
    }

    static string? Difference(JsonObject item, JsonObject context)
    {
        var (source, expected) = (item["template"]!.GetValue<string>(), (string?)item["text"]);
        try
        {
            var got = Render(source, context);
            return got == expected ? null : $"{source}\n  expected {expected ?? (string?)item["error"]}\n  got      {got}";
        }
        catch (TemplateException problem)
        {
            return expected is null ? null : $"{source}\n  expected {expected}\n  got      {problem.Message}";
        }
    }

    static string Render(string source, JsonObject variables) =>
        TemplateFixtures.Join(new ChatTemplate(source, new Dictionary<string, string> { ["bos_token"] = "<s>" }, TemplateFixtures.Clock).Render(variables));
}
