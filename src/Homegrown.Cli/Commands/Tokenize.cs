using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Homegrown.Cli.Options;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Tokenizers;
using Homegrown.Engine.Tokenizers.Folders;

namespace Homegrown.Cli.Commands;

/// <summary>homegrown tokenize: text to token ids.</summary>
static class Tokenize
{
    public static Command Create(Terminal terminal)
    {
        var verb = new Verb("tokenize", "Shows the tokens of a text.",
            "homegrown tokenize \"Hello world\"",
            "homegrown tokenize model.gguf \"Hello world\" --ids",
            "homegrown tokenize folder/ \"Hello world\" --ids",
            "homegrown tokenize model.gguf --file book.txt --ids --no-special");
        var words = new Argument<string[]>("MODEL TEXT")
        {
            Description = $"A GGUF file, a folder with a tokenizer or an installed name, then the text. With --file, the one argument is MODEL. Without it, one argument is TEXT for the "
                + $"embedded {ModelStore.DefaultName}, unless it names a model: then the text is read from the input.",
            Arity = new ArgumentArity(0, 2),
            HelpName = "MODEL> <TEXT",
        };
        words.CompletionSources.Add(_ => ModelStore.Of(terminal).List().Select(known => known.Name));
        var file = TextsOptions.File("Read the text from this file");
        var ids = new Option<bool>("--ids") { Description = "Print ids only, one line for each text." };
        var noSpecial = new Option<bool>("--no-special") { Description = "No begin and end tokens, and control tokens in the text are plain text." };
        var separator = TextsOptions.Separator();
        var json = new Option<bool>("--json") { Description = "Print a JSON array, one object for each text: ids, pieces." };
        verb.Add(words);
        foreach (var option in (ReadOnlySpan<Option>)[file, ids, noSpecial, separator, json]) verb.Add(option);
        verb.SetAction(parsed =>
        {
            var store = ModelStore.Of(terminal);
            var (model, text) = Split(parsed.GetValue(words) ?? [], parsed.GetValue(file), store, terminal);
            var tokenizer = Open(model, store);
            var special = !parsed.GetValue(noSpecial);
            var texts = TextsOptions.Split(text, parsed.GetValue(separator));
            var results = new List<List<int>>(texts.Length);
            using (var progress = new ProgressLine(terminal, "encoding", text.Length, "characters"))
                foreach (var one in texts)
                {
                    results.Add(tokenizer.Encode(one, addSpecial: special, parseSpecial: special));
                    progress.Add(one.Length);
                }
            if (parsed.GetValue(json)) terminal.Out.WriteLine(Json.Line(new JsonArray([.. results.Select(one => ToJson(tokenizer, one))])));
            else if (parsed.GetValue(ids)) foreach (var one in results) terminal.Out.WriteLine(string.Join(' ', one));
            else foreach (var one in results) PrintPieces(tokenizer, one, terminal.Out);
            return ExitCode.Ok;
        });
        return verb;
    }

    static Tokenizer Open(string? model, ModelStore store)
    {
        if (Directory.Exists(model)) return FolderTokenizer.Open(model);
        using var gguf = GgufFile.Open(store.Resolve(model));
        return TokenizerFactory.Create(VocabularyData.FromGguf(gguf));
    }

    static (string? Model, string Text) Split(string[] words, string? file, ModelStore store, Terminal terminal) => (words, file) switch
    {
        ([_, _], not null) => throw new UsageException("both a text and --file: give one of them."),
        (_, not null) => (words.FirstOrDefault(), TextsOptions.Read(file, terminal)),
        ([var model, var text], _) => (model, text),
        ([var word], _) when store.Find(word) is not null || Directory.Exists(word) || word.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) => (word, Input(terminal)),
        ([var text], _) => (null, text),
        _ => (null, Input(terminal)),
    };

    static string Input(Terminal terminal)
        => terminal.InIsTerminal ? throw new UsageException("there is no text: give TEXT or --file FILE, or pipe it in.") : terminal.In.ReadToEnd();

    static JsonObject ToJson(Tokenizer tokenizer, List<int> ids) => new()
    {
        ["ids"] = new JsonArray([.. ids.Select(id => JsonValue.Create(id))]),
        ["pieces"] = new JsonArray([.. ids.Select(id => JsonValue.Create(tokenizer.Piece(id)))]),
    };

    static void PrintPieces(Tokenizer tokenizer, List<int> ids, TextWriter output)
    {
        var lines = new StringBuilder();
        foreach (var id in ids) lines.Append($"{id,8}  {Printable.Of(tokenizer.Piece(id).Replace("\n", "\\n"))}\n");
        output.Write(lines);
    }
}
