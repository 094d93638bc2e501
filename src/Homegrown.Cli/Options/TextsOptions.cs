using System.CommandLine;
using System.Text;

namespace Homegrown.Cli.Options;

/// <summary>A file with texts: one, or several with a separator line between them.</summary>
static class TextsOptions
{
    public static Option<string?> File(string description) => new("--file") { Description = $"{description}, as UTF-8; '-' is the input.", HelpName = "FILE" };

    public static Option<string?> Separator() => new("--separator") { Description = "The file holds several texts with this line between them.", HelpName = "LINE" };

    /// <summary>The whole of a file, or of the input where it is "-"; a byte order mark is text too.</summary>
    public static string Read(string file, Terminal terminal) => file == "-" ? terminal.In.ReadToEnd() : Encoding.UTF8.GetString(System.IO.File.ReadAllBytes(file));

    /// <summary>The texts that a verb is to work on: of a file, an argument or the input.</summary>
    /// <exception cref="UsageException">Both an argument and a file, or none and nothing piped in.</exception>
    public static string[] Texts(ParseResult parsed, string? given, Option<string?> file, Option<string?> separator, Terminal terminal)
    {
        if (parsed.GetValue(file) is { } path)
            return given is null ? Split(Read(path, terminal), parsed.GetValue(separator)) : throw new UsageException("both a text and --file: give one of them.");
        if (given is not null) return [given];
        if (terminal.InIsTerminal) throw new UsageException("there is no text: give TEXT or --file FILE, or pipe it in.");
        return Split(terminal.In.ReadToEnd(), parsed.GetValue(separator));
    }

    /// <summary>The texts between the separator lines; one after the last text ends it and begins no other.</summary>
    public static string[] Split(string text, string? separator)
    {
        if (separator is null) return [text];
        var texts = text.Split($"\n{separator}\n");
        return texts is [.. var all, ""] ? all : texts;
    }
}
