namespace Homegrown.Engine.Tokenizers.Folders;

/// <summary>The regex and the special tokens of a family that publishes rank files: they are in its Python, not in a file.</summary>
/// <param name="SpecialTokens">In the order of their ids, which follow the ranks.</param>
sealed record RankFamily(string Pattern, IReadOnlyList<string> SpecialTokens)
{
    const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";

    const string Spaces = @"\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>tokenization_qwen.py of Qwen-7B.</summary>
    public static readonly RankFamily Qwen = new(
        Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + Spaces,
        ["<|endoftext|>", "<|im_start|>", "<|im_end|>", .. Enumerable.Range(0, 205).Select(i => $"<|extra_{i}|>")]);

    /// <summary>Llama 3 and GLM-4, whose special tokens are in tokenizer_config.json.</summary>
    static readonly RankFamily Llama3 = new(Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + Spaces, []);

    /// <summary>tokenization_kimi.py of Kimi-K2: Han apart, words with their case.</summary>
    static readonly RankFamily Kimi = new(
        @"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+" + Contractions
            + @"?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*" + Contractions
            + @"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + Spaces,
        []);

    public static RankFamily Find(string path, FolderSettings settings) => (Path.GetFileName(path), settings.TokenizerClass) switch
    {
        (_, "QWenTokenizer") or ("qwen.tiktoken", _) => Qwen,
        (_, "TikTokenTokenizer") or ("tiktoken.model", _) => Kimi,
        _ => Llama3,
    };
}
