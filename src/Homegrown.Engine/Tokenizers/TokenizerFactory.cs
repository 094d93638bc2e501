using Homegrown.Engine.Formats;
using Homegrown.Engine.Tokenizers.Folders;

namespace Homegrown.Engine.Tokenizers;

/// <summary>Vocabulary to tokenizer.</summary>
public static class TokenizerFactory
{
    /// <summary>The tokenizer that comes with a model.</summary>
    /// <exception cref="ModelFileException">It is not what it says.</exception>
    public static Tokenizer Of(ModelSource source, int vocabularySize) => source switch
    {
        GgufSource gguf => Create(VocabularyData.FromGguf(gguf.File)),
        _ => OfFolder(source.Path, vocabularySize),
    };

    static Tokenizer OfFolder(string folder, int vocabularySize)
    {
        try
        {
            return FolderTokenizer.Open(folder);
        }
        catch (FileNotFoundException missing)
        {
            return new NoTokenizer(missing.Message, vocabularySize);
        }
    }

    /// <summary>The tokenizer that a file's vocabulary describes.</summary>
    /// <exception cref="ModelFileException">
    /// The algorithm or pre-tokenizer is unknown, arrays differ in length, an id is out of range, or a token appears twice.
    /// </exception>
    public static Tokenizer Create(VocabularyData data) => data.Model switch
    {
        "gpt2" => new BytePairTokenizer(data),
        "llama" => new SentencePieceTokenizer(data),
        "bert" => new WordPieceTokenizer(data),
        // "test" is what generators of random models write.
        null or "" or "none" or "no_vocab" or "test" => new NoTokenizer(data.Model is null ? null : $"its field tokenizer.ggml.model is '{data.Model}'", data.Tokens.Count),
        var model => throw data.Error("model", $"unknown tokenizer '{model}'; known are gpt2, llama, bert and none"),
    };
}
