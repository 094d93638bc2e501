using System.CommandLine;
using System.Text;
using Homegrown.Engine.Evaluation;
using Homegrown.Engine.Tokenizers;

namespace Homegrown.Cli.Options;

/// <summary>What to evaluate a model on.</summary>
sealed class TextOptions
{
    /// <summary>The beginning of Genesis (King James Bible, public domain); models/README.md has other programs' figures for it.</summary>
    const string DefaultText = "eval-en.txt";

    readonly Option<string?> text = new("--text") { Description = "A text file, UTF-8 (default: 60,000 characters of English that come along).", HelpName = "FILE" };
    readonly Option<int> chunk = Numbers.AtLeast("--chunk", 4, "Tokens of a window; the second half of each is scored.", 512);

    TextOptions(Verb verb)
    {
        verb.Add(text);
        verb.Add(chunk);
    }

    public static TextOptions AddTo(Verb verb) => new(verb);

    /// <summary>The text's name, for the report.</summary>
    public string Name(ParseResult parsed) => parsed.GetValue(text) ?? DefaultText;

    public TextWindows Windows(ParseResult parsed, Tokenizer tokenizer)
    {
        using var stream = parsed.GetValue(text) is { } file ? File.OpenRead(file) : typeof(TextOptions).Assembly.GetManifestResourceStream(DefaultText)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return new TextWindows(tokenizer, reader.ReadToEnd(), parsed.GetValue(chunk));
    }
}
