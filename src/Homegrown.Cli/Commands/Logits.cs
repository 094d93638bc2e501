using System.Buffers.Binary;
using System.CommandLine;
using System.Globalization;
using Homegrown.Cli.Options;

namespace Homegrown.Cli.Commands;

/// <summary>homegrown logits: what the model thinks at every position, for comparing with other programs.</summary>
static class Logits
{
    public static Command Create(Terminal terminal)
    {
        var verb = new Verb("logits", "Writes the logits of every position of a token sequence.",
            "homegrown logits model.gguf --tokens \"1 2 3\" --out logits.f32 --exact",
            "homegrown logits --tokens @ids.txt --out logits.f32");
        var model = ModelOptions.AddTo(verb, terminal);
        var tokens = new Option<string>("--tokens")
        {
            Description = "Token ids, or @FILE with them; spaces or commas between.",
            HelpName = "IDS",
            Required = true,
        };
        var output = new Option<string>("--out")
        {
            Description = "The file to write: float32, little-endian, [tokens, vocabulary].",
            HelpName = "FILE",
            Required = true,
        };
        verb.Add(tokens);
        verb.Add(output);
        verb.SetAction(parsed =>
        {
            using var loaded = model.Load(parsed);
            var ids = ParseIds(parsed.GetRequiredValue(tokens), loaded.VocabularySize);
            var bytes = new byte[checked(loaded.VocabularySize * sizeof(float))];
            using var file = File.Create(parsed.GetRequiredValue(output));
            using var progress = new ProgressLine(terminal, "computing", ids.Count, "tokens");
            loaded.Logits(ids, (position, row) =>
            {
                for (var i = 0; i < row.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), row[i]);
                file.Write(bytes);
                progress.Report(position + 1);
            });
            return ExitCode.Ok;
        });
        return verb;
    }

    /// <exception cref="UsageException">Not a list of ids of this vocabulary.</exception>
    static List<int> ParseIds(string given, int vocabulary)
    {
        var text = given.StartsWith('@') ? File.ReadAllText(given[1..]) : given;
        var ids = new List<int>();
        foreach (var word in text.Split([' ', ',', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (!int.TryParse(word, NumberStyles.None, null, out var id) || id >= vocabulary)
                throw new UsageException($"--tokens: '{word}' is no token id; this model has 0 to {vocabulary - 1}.");
            ids.Add(id);
        }
        return ids.Count > 0 ? ids : throw new UsageException("--tokens: there is no id in it.");
    }
}
