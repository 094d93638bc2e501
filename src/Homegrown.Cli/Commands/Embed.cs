using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Homegrown.Cli.Options;
using Homegrown.Engine;

namespace Homegrown.Cli.Commands;

/// <summary>homegrown embed: texts to vectors.</summary>
static class Embed
{
    const int ShownNumbers = 6;

    public static Command Create(Terminal terminal)
    {
        var verb = new Verb("embed", "Turns texts into vectors with an embedding model.",
            "homegrown embed bge-small-en-v1.5/ \"Tomatoes grow in the garden.\"",
            "homegrown embed folder/ --file texts.txt --separator --- --prompt query --json",
            "homegrown embed qwen3-embedding.gguf --file book.txt --dimensions 256 --truncate --json");
        var model = EncoderOptions.AddTo(verb, terminal);
        var text = new Argument<string?>("TEXT") { Description = "The text; without it and --file, the input.", Arity = ArgumentArity.ZeroOrOne, HelpName = "TEXT" };
        var file = TextsOptions.File("Read the texts from this file");
        var separator = TextsOptions.Separator();
        var prompt = new Option<string?>("--prompt") { Description = "A prompt of the model to put before each text, by name (default: the model's own choice).", HelpName = "NAME" };
        var dimensions = Numbers.AtLeast("--dimensions", 0, "Keep the first N numbers of a vector, at length 1 again; 0 keeps all.");
        var layerNorm = new Option<bool>("--layer-norm") { Description = "Norm the whole vector before it is cut (Nomic Embed 1.5's shorter vectors)." };
        verb.Add(text);
        foreach (var option in (ReadOnlySpan<Option>)[file, separator, prompt, dimensions, layerNorm]) verb.Add(option);
        verb.SetAction((parsed, cancellation) =>
        {
            var texts = TextsOptions.Texts(parsed, parsed.GetValue(text), file, separator, terminal);
            using var loaded = model.Load(parsed, EmbeddingModel.Load);
            using var progress = new ProgressLine(terminal, "embedding", texts.Length, "texts", model.Json(parsed));
            var embeddings = loaded.Embed(texts, new()
            {
                Prompt = parsed.GetValue(prompt),
                Dimensions = parsed.GetValue(dimensions),
                LayerNorm = parsed.GetValue(layerNorm),
                Truncate = model.Truncate(parsed),
            }, progress, cancellation);
            progress.Dispose();
            for (var i = 0; i < texts.Length; i++)
                terminal.Out.WriteLine(model.Json(parsed) ? ToJson(embeddings[i]) : ToText(embeddings[i], texts[i]));
            return Task.FromResult(ExitCode.Ok);
        });
        return verb;
    }

    static string ToJson(TextEmbedding embedding)
        => Json.Line(new JsonObject { ["embedding"] = new JsonArray([.. embedding.Vector.Select(value => JsonValue.Create(value))]) });

    static string ToText(TextEmbedding embedding, string text)
    {
        var numbers = string.Join(' ', embedding.Vector.Take(ShownNumbers).Select(value => value.ToString("+0.0000;-0.0000", CultureInfo.InvariantCulture)));
        return $"{embedding.Vector.Length,5} {numbers}{(embedding.Vector.Length > ShownNumbers ? " ..." : "")}  {Printable.Excerpt(text)}";
    }
}
