using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Text.Json;
using Homegrown.Engine;
using Homegrown.Engine.Chat;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Sampling;

namespace Homegrown.Cli;

/// <summary>What the process returns.</summary>
static class ExitCode
{
    public const int Ok = 0, Failure = 1, Usage = 2, Interrupted = 130;
}

/// <summary>A wrong argument or a file that does not fit: the message says which, and what to do. Exit code 2.</summary>
sealed class UsageException(string message) : Exception(message);

/// <summary>Parses arguments, runs the verb, and turns what goes wrong into one line on the error stream and an exit code.</summary>
static class CommandLine
{
    // "@file" is a value of ours (logits --tokens @ids.txt), and "-np" is not "-n -p": both are off in the parser.
    static readonly ParserConfiguration parsing = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    public static async Task<int> InvokeAsync(IReadOnlyList<string> arguments, Terminal terminal)
    {
        var root = Program.Verbs(terminal);
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        var parsed = root.Parse(arguments.Count == 0 ? ["--help"] : arguments, parsing);
        if (parsed.Errors.Count > 0 && parsed.Action is not { ClearsParseErrors: true }) return Misused(parsed, root, terminal);
        var configuration = new InvocationConfiguration
        {
            Output = terminal.Out,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // Ctrl-C is ours: see Interrupts
        };
        using var scope = terminal.Interrupts.Open();
        try
        {
            return await parsed.InvokeAsync(configuration, scope.Token);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception error)
        {
            return Explain(error, terminal);
        }
    }

    static int Misused(ParseResult parsed, RootCommand root, Terminal terminal)
    {
        var verb = parsed.CommandResult.Command;
        var (name, problem) = ($"homegrown {verb.Name}", Problem(parsed.Errors[0]));
        if (verb is RootCommand)
        {
            var word = parsed.UnmatchedTokens is [var first, ..] ? first : "";
            var guess = Nearest.To(word, root.Subcommands.Select(known => known.Name));
            (name, problem) = ("homegrown", $"there is no verb '{word}'.{(guess is null ? "" : $" Did you mean '{guess}'?")}");
        }
        terminal.Error.WriteLine($"{name}: {OneLine(problem)} '{name} --help' shows what there is.");
        return ExitCode.Usage;
    }

    /// <summary>The parser's message, with the option that it is about.</summary>
    static string Problem(ParseError error)
    {
        var option = (error.SymbolResult as OptionResult ?? error.SymbolResult?.Parent as OptionResult)?.Option.Name;
        return option is null || error.Message.Contains(option, StringComparison.Ordinal) ? error.Message : $"{option}: {error.Message}";
    }

    static int Explain(Exception error, Terminal terminal)
    {
        if (terminal.Variable("HOMEGROWN_DEBUG") == "1") terminal.Error.WriteLine(error);
        var (code, message) = error switch
        {
            UsageException or ModelFileException or ContextLengthException or SamplingOptionException or FileNotFoundException or DirectoryNotFoundException
                => (ExitCode.Usage, error.Message),
            // The name of a parameter in our code says nothing to the caller.
            ArgumentException argument => (ExitCode.Usage, argument.Message.Replace($" (Parameter '{argument.ParamName}')", "")),
            JsonException => (ExitCode.Usage, $"not the JSON that was expected: {error.Message}"),
            IOException or UnauthorizedAccessException or NotSupportedException or InvalidOperationException or TemplateException or SamplingException
                => (ExitCode.Failure, error.Message),
            OutOfMemoryException => (ExitCode.Failure, "out of memory: a smaller --ctx or a smaller model needs less."),
            _ => (ExitCode.Failure, $"{error.GetType().Name}: {error.Message} (HOMEGROWN_DEBUG=1 shows where)"),
        };
        terminal.Error.WriteLine($"homegrown: {OneLine(message)}");
        return code;
    }

    static string OneLine(string message) => string.Join(' ', message.Split((char[])['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries));
}
