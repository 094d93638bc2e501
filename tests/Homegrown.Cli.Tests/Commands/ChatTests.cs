using System.Text.Json.Nodes;
using Spectre.Console.Testing;

namespace Homegrown.Cli.Tests.Commands;

public sealed class ChatTests : IDisposable
{
    readonly string file = Path.GetTempFileName();

    public void Dispose() => File.Delete(file);

    [Fact]
    public async Task The_default_model_knows_the_capital_of_France()
    {
        var outcome = await Cli.RunAsync("chat", "-p", "What is the capital of France?", "--temp", "0", "-n", "32");
        Assert.Equal(new Outcome(0, "The capital of France is Paris.\n", ""), outcome);
    }

    [Fact]
    public async Task A_piped_conversation_answers_each_line_and_is_saved()
    {
        var outcome = await Talk($"""
            What is the capital of France?
            What is \
            1+1?
            /save {file}
            """, "-n", "16", "--temp", "0", "--system", "Answer briefly.");
        Assert.Equal(0, outcome.Code);
        var messages = JsonNode.Parse(File.ReadAllText(file))!["messages"]!.AsArray();
        Assert.Equal(["system", "user", "assistant", "user", "assistant"], messages.Select(message => (string?)message!["role"]));
        Assert.Equal("What is \n1+1?", (string?)messages[3]!["content"]);
        Assert.Equal(outcome.Out, $"{messages[2]!["content"]}\n{messages[4]!["content"]}\n");
    }

    [Fact]
    public async Task A_loaded_conversation_goes_on_and_can_be_answered_anew()
    {
        File.WriteAllText(file, """
            {"messages": [{"role": "user", "content": "What is the capital of France?"}, {"role": "assistant", "content": "I forgot."}]}
            """);
        var outcome = await Talk($"/load {file}\n/regen\n/stats\n/exit\nnever read", "--temp", "0", "--exact");
        Assert.Equal("The capital of France is Paris.\n", outcome.Out);
        Assert.Contains("2 messages", outcome.Error);
    }

    [Fact]
    public async Task A_mistake_is_said_and_the_chat_goes_on()
    {
        var outcome = await Talk("/sav\n/save\n/load /nowhere/x.json\n/regen\n/system\nWhat is the capital of France?\n", "--temp", "0", "--exact");
        Assert.Equal(1, outcome.Code);
        Assert.Equal("The capital of France is Paris.\n", outcome.Out);
        Assert.Contains("There is no /sav", outcome.Error);
        Assert.Contains("/save needs a file name", outcome.Error);
        Assert.Contains("/nowhere/x.json", outcome.Error);
        Assert.Contains("There is no message to answer", outcome.Error);
    }

    [Fact]
    public async Task A_full_context_is_said_and_what_does_not_fit_is_taken_back()
    {
        var outcome = await Talk($"Tell me a long story.\n{string.Concat(Enumerable.Repeat("word ", 100))}\n/stats\n", "--ctx", "64", "--ignore-eos");
        Assert.Contains("the context of 64 tokens is full", outcome.Error);
        Assert.Contains("Your message was taken back", outcome.Error);
        Assert.Contains("2 messages", outcome.Error);
    }

    [Fact]
    public async Task Control_C_at_a_terminal_stops_the_answer_and_keeps_the_conversation()
    {
        using var console = new TestConsole();
        console.Input.Type("Tell me a long story.\r");
        console.Input.Type("/stats\r");
        console.Input.Type("/exit\r");
        var outcome = await Cli.RunAsync(Cli.InterruptedAt(console, writes: 2), "chat", "--ignore-eos");
        Assert.Equal(0, outcome.Code);
        Assert.Contains("[stopped]", outcome.Error);
        Assert.Contains("2 messages", outcome.Error);
    }

    [Fact]
    public async Task Control_C_in_a_pipe_ends_the_program_with_code_130()
    {
        var outcome = await Cli.RunAsync(Cli.InterruptedAt("Tell me a long story.\n/stats\n", writes: 2), "chat", "--ignore-eos");
        Assert.Equal(130, outcome.Code);
        Assert.EndsWith("\n", outcome.Out);
        Assert.Contains("[stopped]", outcome.Error);
        Assert.DoesNotContain("messages", outcome.Error);
    }

    [Fact]
    public async Task At_a_terminal_lines_are_edited_and_the_speed_is_shown()
    {
        using var console = new TestConsole();
        console.Input.Type("What is the capital of Francs");
        console.Input.PushKey(ConsoleKey.Backspace);
        console.Input.Type("e?\r");
        console.Input.Type("/exit\r");
        var outcome = await Cli.RunAsync(Cli.Typed(console), "chat", "--temp", "0", "--exact");
        Assert.Equal(0, outcome.Code);
        Assert.Equal("The capital of France is Paris.\n", outcome.Out);
        Assert.Contains("tokens/s", outcome.Error);
    }

    static Task<Outcome> Talk(string input, params string[] options) => Cli.RunAsync(Cli.Piped(input), ["chat", .. options]);
}
