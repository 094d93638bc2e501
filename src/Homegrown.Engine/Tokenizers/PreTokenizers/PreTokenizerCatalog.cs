namespace Homegrown.Engine.Tokenizers.PreTokenizers;

/// <summary>
/// Pre-tokenizers by the names that converters write into tokenizer.ggml.pre. The regexes are those of the models' tokenizer.json; which
/// names mean the same, and what "default" means, is as in llama.cpp.
/// </summary>
static class PreTokenizerCatalog
{
    static readonly CodePointSet Numbers = new(CharClass.Number), Digits = new(0, "0-9"), LineBreaks = new(0, "\r\n");

    // Han to Hangul as DeepSeek's first models have it: U+0800 to U+4E00 is in the middle of the class, on purpose or not.
    static readonly CodePointSet Cjk = new(0, "一-龥ࠀ-一가-\uD7FF");

    static readonly Splitter Gpt2 = new Gpt2Words(), OneNumber = new Runs(Numbers, most: 1), ThreeNumbers = new Runs(Numbers, most: 3);

    static readonly PreTokenizer
        Gpt2Plain = new([Gpt2]),
        Gpt2Digits = new([OneNumber, Gpt2]),
        Llama3 = new([new LineWords(digits: 3)]),
        Qwen2 = new([new LineWords(digits: 1)]),
        DeepSeekV3 = new([ThreeNumbers, new Runs(new(0, "一-龥぀-ゟ゠-ヿ")), new DeepSeekWords()]);

    static readonly Dictionary<string, PreTokenizer> ByName = new(
    [
        .. Named(Gpt2Plain, "gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "gigachat", "a.x-4.0", "mellum", "exaone4",
            "modern-bert", "roberta-bpe", "jina-es", "jina-de", "jina-v1-en", "jina-v2-es", "jina-v2-de", "jina-v2-code"),
        .. Named(Gpt2Digits, "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2"),
        .. Named(Llama3 with { IgnoreMerges = true, AddBos = true }, "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral",
            "midm-2.0", "lfm2", "jina-v5-nano"),
        .. Named(Llama3, "dbrx", "smaug-bpe", "glm4", "chatglm-bpe"),
        .. Named(Qwen2, "qwen2", "deepseek-r1-qwen", "stablelm2", "hunyuan", "megrez", "kormo", "f2llmv2", "solar-open", "grok-2"),
        .. Named(new([new LineWords(digits: 1, marks: true)]), "qwen35"),
        .. Named(DeepSeekV3, "deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"),
        .. Named(new(
            [
                new Runs(LineBreaks, most: 1),
                new Runs(new(0, DeepSeekLetters.Ranges), space: true),
                new Runs(new(0, "!-/:-~！-／：-～‘-‟\u3000-。"), space: true),
                new TrailingSpace(),
                new Runs(Cjk),
                new Runs(Numbers),
            ]), "deepseek-llm"),
        .. Named(new(
            [
                new Runs(LineBreaks, most: 1),
                new Runs(new(CharClass.Letter), space: true),
                new Runs(new(CharClass.Punctuation), space: true),
                new Runs(Cjk),
                OneNumber,
            ]), "deepseek-coder"),
        .. Named(new([new Runs(new(CharClass.Punctuation, "$+<=>^~|`")), Gpt2, new Runs(Digits, least: 3, most: 3)]), "falcon"),
        .. Named(new(
            [
                new Runs(new(CharClass.Punctuation, "$+<=>^~|")),
                Gpt2,
                new Runs(Numbers),
                new Runs(Digits, least: 3, most: 3),
            ]), "default"),
    ]);

    /// <summary>The pre-tokenizer of a file; "default" where it names none.</summary>
    /// <exception cref="Formats.ModelFileException">The name is unknown.</exception>
    public static PreTokenizer Find(VocabularyData data)
    {
        var name = string.IsNullOrEmpty(data.Pre) ? "default" : data.Pre;
        return ByName.TryGetValue(name, out var known)
            ? known
            : throw data.Error("pre", $"unknown pre-tokenizer '{name}'; text would be cut into other words than the model was trained on");
    }

    static IEnumerable<KeyValuePair<string, PreTokenizer>> Named(PreTokenizer preTokenizer, params string[] names) =>
        names.Select(name => KeyValuePair.Create(name, preTokenizer));
}
