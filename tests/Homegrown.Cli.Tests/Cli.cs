using Spectre.Console;

namespace Homegrown.Cli.Tests;

/// <summary>What a command line left behind.</summary>
sealed record Outcome(int Code, string Out, string Error);

/// <summary>Runs command lines in this process, with their streams captured.</summary>
static class Cli
{
    /// <summary>A terminal without a person: nothing on the input, and no model installed but the embedded one.</summary>
    public static Terminal Piped(string input = "", StringWriter? output = null, Interrupts? interrupts = null) => new()
    {
        In = new StringReader(input),
        Out = output ?? new StringWriter(),
        Error = new StringWriter(),
        Interrupts = interrupts ?? new(),
        Variable = name => name == "HOMEGROWN_MODELS" ? "/nowhere" : null,
    };

    /// <summary>A terminal with a person, whose keys come from <paramref name="console"/>.</summary>
    public static Terminal Typed(IAnsiConsole console, TimeProvider? time = null, params (string Name, string Value)[] variables)
        => Typed(console, new StringWriter(), new(), time, variables);

    static Terminal Typed(IAnsiConsole console, StringWriter output, Interrupts interrupts, TimeProvider? time, (string Name, string Value)[] variables) => new()
    {
        In = TextReader.Null,
        Out = output,
        Error = new StringWriter(),
        InIsTerminal = true,
        OutIsTerminal = true,
        ErrorIsTerminal = true,
        Console = console,
        Interrupts = interrupts,
        Time = time ?? TimeProvider.System,
        Variable = name => name == "HOMEGROWN_MODELS" ? "/nowhere" : Array.Find(variables, variable => variable.Name == name).Value,
    };

    /// <summary>A pipe whose reader presses Ctrl-C at the n-th write.</summary>
    public static Terminal InterruptedAt(string input, int writes)
    {
        var interrupts = new Interrupts();
        return Piped(input, new InterruptingWriter(interrupts, writes), interrupts);
    }

    /// <summary>A person who presses Ctrl-C at the n-th write.</summary>
    public static Terminal InterruptedAt(IAnsiConsole console, int writes)
    {
        var interrupts = new Interrupts();
        return Typed(console, new InterruptingWriter(interrupts, writes), interrupts, null, []);
    }

    public static Task<Outcome> RunAsync(params string[] arguments) => RunAsync(Piped(), arguments);

    public static async Task<Outcome> RunAsync(Terminal terminal, params string[] arguments)
    {
        var code = await CommandLine.InvokeAsync(arguments, terminal);
        return new Outcome(code, terminal.Out.ToString()!, terminal.Error.ToString()!);
    }

    sealed class InterruptingWriter(Interrupts interrupts, int writes) : StringWriter
    {
        public override void Write(string? value)
        {
            base.Write(value);
            if (--writes == 0) interrupts.Raise();
        }
    }
}
