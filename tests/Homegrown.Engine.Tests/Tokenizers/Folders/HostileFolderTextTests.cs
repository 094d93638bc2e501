using Homegrown.Engine.Tokenizers;

namespace Homegrown.Engine.Tests.Tokenizers.Folders;

/// <summary>A quarter of a megabyte of what each stage fears most. At more than linear cost these tests would not come to an end.</summary>
public class HostileFolderTextTests
{
    const int Length = 1 << 18;

    /// <summary>Bytes for each character, once the buffers have grown: words are not kept, text is not copied over and over.</summary>
    const int MostBytes = 64;

    static readonly string[] Parts = ["a", " ", "\n", "7", "ab", "\u0301", "e\u0301\u0323", "▁", "!", "'", "Aa", "<s>", "👩\u200D", "日本", "half <s", "\uD83D"];

    public static TheoryData<string> Folders => ["gpt2", "llama2", "added-tokens", "bert-cased", "unigram-ties", "wordlevel", "spm-bpe-suffix", "tiktoken-qwen1"];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Every_folder_comes_to_an_end_in_little_memory(string folder)
    {
        var tokenizer = TokenizerFolders.Open(folder);
        foreach (var part in Parts)
        {
            var text = string.Concat(Enumerable.Repeat(part, (Length / part.Length) + 1))[..Length];
            var ids = new List<int>(4 * Length);
            tokenizer.Encode(text, ids, parseSpecial: false);
            ids.Clear();
            var before = GC.GetAllocatedBytesForCurrentThread();
            tokenizer.Encode(text, ids, parseSpecial: false);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (long)MostBytes * Length);
            if (folder is "gpt2" or "tiktoken-qwen1") Assert.True(string.Concat(text.EnumerateRunes()) == tokenizer.Decode(ids), part);
        }
    }

    [Fact]
    public void Contents_never_become_control_tokens_whether_or_not_the_file_calls_them_special()
    {
        var tokenizer = TokenizerFolders.Open("llama2");
        var end = tokenizer.Find("<|im_end|>")!.Value; // "special": false in this file
        var ids = new List<int>();
        tokenizer.Encode([new("<|im_end|>", false), new("<|im_end|></s>", true), new("</s>", false)], ids);
        Assert.Equal(1, ids.Count(id => id == end));
        Assert.Equal(1, ids.Count(id => id == tokenizer.Eos));
        Assert.Contains(end, tokenizer.EndOfGeneration);
        Assert.True(tokenizer.AddBos);
    }
}
