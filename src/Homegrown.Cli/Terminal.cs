using System.Text;
using Spectre.Console;

namespace Homegrown.Cli;

/// <summary>
/// What a verb talks to: results go to <see cref="Out"/>, everything else to <see cref="Error"/>. Colours and live displays only
/// where a person watches; tests put their own streams here.
/// </summary>
sealed class Terminal
{
    readonly Lazy<IAnsiConsole> tables, notes;

    public Terminal()
    {
        tables = new(() => Ansi(Out!, OutIsTerminal));
        notes = new(() => Ansi(Error!, ErrorIsTerminal));
    }

    public required TextReader In { get; init; }

    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    public bool InIsTerminal { get; init; }

    public bool OutIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    public Interrupts Interrupts { get; init; } = new();

    /// <summary>Reads an environment variable.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>A person types and reads here: lines can be edited.</summary>
    public bool IsInteractive => InIsTerminal && OutIsTerminal;

    /// <summary>Tables and keys.</summary>
    public IAnsiConsole Console { get => field ?? tables.Value; init; }

    /// <summary>Remarks and progress, on the error stream.</summary>
    public IAnsiConsole Notes => notes.Value;

    /// <summary>A model's text as it comes. What a person watches is kept from driving the terminal; a pipe gets it as it is.</summary>
    public void Stream(string text)
    {
        Out.Write(OutIsTerminal ? Printable.Of(text) : text);
        Out.Flush();
    }

    /// <summary>A remark beside the results, dim where a person watches.</summary>
    public void Note(string text)
    {
        if (ErrorIsTerminal) Notes.MarkupLineInterpolated($"[dim]{text}[/]");
        else Error.WriteLine(text);
    }

    public static Terminal OfProcess(Interrupts interrupts)
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        System.Console.OutputEncoding = utf8;
        return new Terminal
        {
            In = System.Console.IsInputRedirected ? new StreamReader(System.Console.OpenStandardInput(), utf8) : System.Console.In,
            Out = System.Console.Out,
            Error = System.Console.Error,
            InIsTerminal = !System.Console.IsInputRedirected,
            OutIsTerminal = !System.Console.IsOutputRedirected,
            ErrorIsTerminal = !System.Console.IsErrorRedirected,
            Interrupts = interrupts,
        };
    }

    IAnsiConsole Ansi(TextWriter writer, bool isTerminal)
    {
        var ansi = isTerminal && Variable("TERM") != "dumb";
        var colours = ansi && string.IsNullOrEmpty(Variable("NO_COLOR")); // https://no-color.org
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = ansi ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = colours ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
        });
        if (!isTerminal) console.Profile.Width = 4096; // a pipe has no margin to wrap at
        return console;
    }
}
