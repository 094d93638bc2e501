using System.Text.Json.Nodes;
using Homegrown.Engine.Chat;

namespace Homegrown.Engine.Tests.Chat;

/// <summary>A template comes with a foreign file: none may hang, exhaust or end the process, or reach outside.</summary>
public sealed class TemplateLimitTests
{
    [Theory]
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "takes more than")]
    [InlineData("{% for a in range(99999) %}{% set x = range(99999)|sum %}{% endfor %}", "takes more than")]
    [InlineData("{% for a in range(99999) %}{{ 'x' in range(99999)|map('string') }}{% endfor %}", "takes more than")]
    [InlineData("{% set n = namespace(s='aaaaaaaa') %}{% for a in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}", "grows beyond")]
    [InlineData("{% set n = namespace(s=[1]) %}{% for a in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}", "takes more than")]
    [InlineData("{% set x = ('a' * 1000) * 30000 %}{% for a in range(99999) %}{% set y = x ~ 'b' %}{% endfor %}", "characters of strings")]
    [InlineData("{{ 'a' * 9999999999 }}", "grows beyond")]
    [InlineData("{{ [1] * 9999999999 }}", "a repeated list")]
    [InlineData("{{ ('a' * 100000).replace('a', 'b' * 100000) }}", "grows beyond")]
    [InlineData("{{ ('a' * 100000)|replace('', 'b' * 100000) }}", "grows beyond")]
    [InlineData("{{ 'a'.center(9999999999) }}", "grows beyond")]
    [InlineData("{{ '%9999999999d' % 1 }}", "too large")]
    [InlineData("{{ '{:9999999999}'.format(1) }}", "too large")]
    [InlineData("{{ 'a'|indent(9999999999, true) }}", "grows beyond")]
    [InlineData("{{ [1]|tojson(indent=9999999999) }}", "grows beyond")]
    [InlineData("{{ [1]|slice(9999999999)|list }}", "takes more than")]
    [InlineData("{{ [1]|batch(9999999999, 0)|list }}", "a repeated list")]
    [InlineData("{{ range(9999999999) }}", "Range too big")]
    [InlineData("{{ 10 ** 9999999999 }}", "64 bits")]
    [InlineData("{% macro a(n) %}{% if n %}{{ a(n - 1) }}{{ a(n - 1) }}{% endif %}{% endmacro %}{{ a(60) }}", "takes more than")]
    [InlineData("{% set x = ('a' * 1000) * 30000 %}{% for a in range(99999) %}{% if 'b' in x %}{% endif %}{% endfor %}", "characters of strings")]
    [InlineData("{% set x = ('a' * 1000) * 30000 %}{% for a in range(99999) %}{{ x.find('b') }}{% endfor %}", "characters of strings")]
    [InlineData("{{ '%c' % 55296 }}", "is not a character's code point")]
    [InlineData("{{ '{:c}'.format(-1) }}", "is not a character's code point")]
    [InlineData("{{ '%.99999f' % 1.5 }}", "decimals")]
    [InlineData("{{ 'a'.format_map(5) }}", "needs a dict")]
    [InlineData("{{ '{:{:{}}}'.format(1, 2, 3) }}", "recursion")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "levels deep")]
    [InlineData("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "levels deep")]
    [InlineData("{% set n = namespace() %}{% set n.n = n %}{{ n }}", "nested too deeply")]
    [InlineData("{% set n = namespace(x=[]) %}{% for a in range(99999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }}", "nested too deeply")]
    [InlineData("{% set n = namespace(x=[]) %}{% for a in range(99999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x|tojson }}", "nested too deeply")]
    [InlineData("{% set n = namespace(x=[], y=[]) %}{% for a in range(99999) %}{% set n.x = [n.x] %}{% set n.y = [n.y] %}{% endfor %}{{ n.x == n.y }}", "nested too deeply")]
    [InlineData("{% set n = namespace(x=[], y=[]) %}{% for a in range(99999) %}{% set n.x = [n.x] %}{% set n.y = [n.y] %}{% endfor %}{{ n.x < n.y }}", "nested too deeply")]
    [InlineData("{% set n = namespace(x=()) %}{% for a in range(99999) %}{% set n.x = (n.x,) %}{% endfor %}{{ {n.x: 1} }}", "nested too deeply")]
    [InlineData("{% set n = namespace(x=['a']) %}{% for a in range(99999) %}{% set n.x = n.x|map('upper') %}{% endfor %}{{ n.x|list }}", "nested too deeply")]
    [InlineData("{{ ''.__class__.__mro__ }}", "is unsafe")]
    [InlineData("{{ messages.append(1) }}", "is unsafe")]
    [InlineData("{{ messages.GetType() }}", "has no attribute 'GetType'")]
    public void It_ends_with_a_clear_error(string source, string problem)
    {
        var variables = new JsonObject { ["messages"] = new JsonArray() };
        var error = Assert.Throws<TemplateException>(() => new ChatTemplate(source, new Dictionary<string, string>()).Render(variables));
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ ", "(", "1", ")", " }}")]
    [InlineData("{{ ", "[", "1", "]", " }}")]
    [InlineData("{{ ", "not ", "1", "", " }}")]
    [InlineData("{{ ", "-", "1", "", " }}")]
    [InlineData("{{ ", "1 if 1 else ", "1", "", " }}")]
    [InlineData("{{ 1", "", "", " + 1", " }}")]
    [InlineData("{{ 'a'", "", "", "|string", " }}")]
    [InlineData("{{ 'a'", "", "", ".x", " }}")]
    [InlineData("", "{% if 1 %}", "", "{% endif %}", "")]
    [InlineData("{% set ", "(", "a", ")", " = 1 %}")]
    [InlineData("{% filter upper", "", "", "|upper", " %}{% endfilter %}")]
    [InlineData("", "{% block a %}", "", "{% endblock %}", "")]
    public void A_source_nested_a_hundred_thousand_deep_ends_with_an_error(string start, string open, string middle, string close, string end)
    {
        var source = start + string.Concat(Enumerable.Repeat(open, 100_000)) + middle + string.Concat(Enumerable.Repeat(close, 100_000)) + end;
        // The guard is the stack that is left, so the test says how much there is.
        Exception? error = null;
        var thread = new Thread(() => error = Record.Exception(() => new ChatTemplate(source, new Dictionary<string, string>()).Render([])), maxStackSize: 1 << 20);
        thread.Start();
        thread.Join();
        Assert.Equal("the template or its values are nested too deeply", Assert.IsType<TemplateException>(error).Problem);
    }

    [Fact]
    public void A_conversation_of_two_thousand_messages_is_far_within_the_limits()
    {
        var template = TemplateFixtures.Read(Testing.Repository.Fixture("templates", "Qwen-Qwen3-0.6B.jinja"));
        var messages = Enumerable.Range(0, 2000).Select(i => new ChatMessage { Role = i % 2 == 0 ? "user" : "assistant", Content = new string('x', 2000) });
        var spans = template.Render(new ChatPrompt { Messages = [.. messages] });
        Assert.Equal(2000, spans.Count(span => span.FromContent));
    }
}
