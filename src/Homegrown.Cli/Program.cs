using System.CommandLine;
using Homegrown.Cli.Commands;

namespace Homegrown.Cli;

/// <summary>The table of contents: every verb has a file of its name in Commands/.</summary>
static class Program
{
    static async Task<int> Main(string[] arguments)
    {
        using var interrupts = Interrupts.OfProcess();
        return await CommandLine.InvokeAsync(arguments, Terminal.OfProcess(interrupts));
    }

    public static RootCommand Verbs(Terminal terminal) => new("Runs large language models on ordinary processors, in this process.")
    {
        Chat.Create(terminal),
        Run.Create(terminal),
        Serve.Create(terminal),
        List.Create(terminal),
        Inspect.Create(terminal),
        Tokenize.Create(terminal),
        Template.Create(terminal),
        Embed.Create(terminal),
        Rerank.Create(terminal),
        Logits.Create(terminal),
        Perplexity.Create(terminal),
        Divergence.Create(terminal),
        Bench.Create(terminal),
        Completion.Create(terminal),
    };
}
