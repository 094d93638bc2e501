using System.Text.Json.Nodes;
using Homegrown.Testing;

namespace Homegrown.Cli.Tests.Commands;

public sealed class TemplateTests : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("homegrown-template");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task A_case_renders_with_its_variables_and_special_tokens()
    {
        var template = Put("t.jinja", "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
            + "{% if loud %}!{% endif %}{% if add_generation_prompt %}>{% endif %}");
        var one = Put("c.json", """
            {"messages": [{"role": "user", "content": "北京"}], "loud": true, "add_generation_prompt": false, "special": {"bos_token": "<s>"}}
            """);
        Assert.Equal(new Outcome(0, "<s>user: 北京\n!", ""), await Cli.RunAsync("template", template, "--case", one));
        Assert.Equal("<bos>user: 北京\n!", (await Cli.RunAsync("template", template, "--case", one, "--special", "bos_token=<bos>")).Out);
    }

    [Fact]
    public async Task A_template_that_refuses_is_one_line_and_code_1()
    {
        var template = Put("t.jinja", "{{ raise_exception('roles must alternate') }}");
        var outcome = await Cli.RunAsync("template", template, "--case", Put("c.json", """{"messages": []}"""));
        Assert.Equal(1, outcome.Code);
        Assert.Contains("roles must alternate", Assert.Single(outcome.Error.TrimEnd().Split('\n')));
    }

    [Theory]
    [InlineData("""{"cases": {"one": {}}}""", "choose one with --name. There is: one.")]
    [InlineData("""{"messages": {}}""", "messages: expected an array")]
    [InlineData("{", "line 1")]
    public async Task A_case_of_another_shape_is_refused(string json, string said)
    {
        var outcome = await Cli.RunAsync("template", Put("t.jinja", "x"), "--case", Put("c.json", json));
        Assert.Equal(2, outcome.Code);
        Assert.Contains(said, outcome.Error);
    }

    [Theory]
    [InlineData("Qwen-Qwen3-0.6B")]
    [InlineData("Kimi-K2-Instruct")]
    public async Task Cases_of_a_file_render_as_the_reference_does(string name)
    {
        var template = Repository.Shared("templates", $"{name}.jinja");
        foreach (var (one, expected) in JsonNode.Parse(File.ReadAllText(template + ".expected.json"))!.AsObject())
        {
            var outcome = await Cli.RunAsync("template", template, "--case", Repository.Shared("templates", "cases.json"), "--name", one);
            if (expected!["text"] is { } text) Assert.Equal((string?)text, outcome.Out);
            else Assert.Equal(1, outcome.Code);
        }
    }

    string Put(string name, string text)
    {
        var path = Path.Combine(folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}
