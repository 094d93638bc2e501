using Homegrown.Engine.Formats;

namespace Homegrown.Engine.Tokenizers.Folders;

/// <summary>The tokenizer of a model folder, as Hugging Face and ModelScope lay them out.</summary>
public static class FolderTokenizer
{
    /// <summary>
    /// Opens what the folder has: tokenizer.json, else tokenizer.model or spiece.model (sentencepiece), a rank file (tiktoken), vocab.json with
    /// merges.txt, or vocab.txt. tokenizer_config.json, special_tokens_map.json and generation_config.json say which tokens begin and end.
    /// </summary>
    /// <exception cref="FileNotFoundException">The folder has none of these.</exception>
    /// <exception cref="ModelFileException">A file is broken; the message names the field.</exception>
    public static Tokenizer Open(string directory)
    {
        if (!Directory.Exists(directory)) throw new DirectoryNotFoundException($"{directory} is no folder.");
        var settings = FolderSettings.Read(directory);
        if (File("tokenizer.json") is { } json) return settings.Tokenizer(TokenizerJson.Read(json));
        if ((File("tokenizer.model") ?? File("spiece.model") ?? File("sentencepiece.bpe.model")) is { } model)
            return settings.Tokenizer(RankFile.IsOne(model) ? RankFile.Read(model, settings) : SentencePieceFolder.Read(model, settings));
        if (Directory.EnumerateFiles(directory, "*.tiktoken").Append(Path.Combine(directory, "tiktoken.model")).FirstOrDefault(System.IO.File.Exists) is { } ranks)
            return settings.Tokenizer(RankFile.Read(ranks, settings));
        if (File("vocab.json") is { } vocabulary && File("merges.txt") is { } merges)
            return settings.Tokenizer(WordFiles.ReadBytePair(vocabulary, merges, settings));
        if (File("vocab.txt") is { } words) return settings.Tokenizer(WordFiles.ReadWordPiece(words, settings));
        throw new FileNotFoundException(
            $"{directory} has no tokenizer: none of tokenizer.json, tokenizer.model, spiece.model, *.tiktoken, tiktoken.model, vocab.json with merges.txt, vocab.txt.");

        string? File(string name) => Path.Combine(directory, name) is var path && System.IO.File.Exists(path) ? path : null;
    }
}
