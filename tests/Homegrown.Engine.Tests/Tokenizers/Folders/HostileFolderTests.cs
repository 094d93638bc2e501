using System.Text;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Tokenizers.Folders;

namespace Homegrown.Engine.Tests.Tokenizers.Folders;

/// <summary>Broken folders: one line that names the file and the field, whatever is wrong.</summary>
public sealed class HostileFolderTests : IDisposable
{
    const string Model = """
        "model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":[["a","b"]]}
        """;

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tokenizer-");

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData("""{"model":{"type":"BPE","vo""", "not JSON")]
    [InlineData("""[]""", "the file")]
    [InlineData("""{}""", "no 'model'")]
    [InlineData("""{"model":{"type":"Magic","vocab":{}}}""", "model.type")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":-1},"merges":[]}}""", "model.vocab")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":1e99},"merges":[]}}""", "model.vocab")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":2147483647},"merges":[]}}""", "model.vocab")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}}""", "twice")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":[["a","b"]]}}""", "model.merges[0]")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":["a"]}}""", "model.merges[0]")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[["a"]]}}""", "model.merges[0]")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0}}}""", "no 'merges'")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[["a",0.0]]}}""", "unk_id")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[["a",0.0]],"unk_id":7}}""", "model.unk_id")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[["a"]],"unk_id":0}}""", "model.vocab[0]")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[["\ud800",0.0]],"unk_id":0}}""", "surrogate")]
    [InlineData("""{"model":{"type":"WordPiece","vocab":{"a":0},"unk_token":"x"}}""", "model.unk_token")]
    [InlineData("""{"added_tokens":[{"id":99999999,"content":"x"}],@}""", "added_tokens[0].id")]
    [InlineData("""{"added_tokens":[{"id":1,"content":"x"}],@}""", "added_tokens[0].id")]
    [InlineData("""{"added_tokens":[{"id":3,"content":5}],@}""", "added_tokens[0].content")]
    [InlineData("""{"normalizer":{"type":"Magic"},@}""", "normalizer.type")]
    [InlineData("""{"normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"},@}""", "normalizer.precompiled_charsmap")]
    [InlineData("""{"normalizer":{"type":"Precompiled","precompiled_charsmap":"////fw=="},@}""", "normalizer.precompiled_charsmap")]
    [InlineData("""{"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a"},"behavior":"Isolated"},@}""", "pre_tokenizer.pattern.Regex")]
    [InlineData("""{"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a)\\1"},"behavior":"Isolated"},@}""", "pre_tokenizer.pattern.Regex")]
    [InlineData("""{"pre_tokenizer":{"type":"Split","pattern":{"Regex":"((((a{999}){999}){999}){999})"},"behavior":"Isolated"},@}""", "states")]
    [InlineData("""{"pre_tokenizer":{"type":"Split","pattern":{"String":"a"},"behavior":"Odd"},@}""", "pre_tokenizer.behavior")]
    [InlineData("""{"pre_tokenizer":{"type":"Metaspace","replacement":"ab"},@}""", "pre_tokenizer.replacement")]
    [InlineData("""{"post_processor":{"type":"BertProcessing","sep":["b",9],"cls":["a",0]},@}""", "post_processor.sep[1]")]
    [InlineData("""{"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}}],"pair":[]},@}""", "post_processor.single[0]")]
    [InlineData("""{"decoder":{"type":"Magic"},@}""", "decoder.type")]
    public void A_broken_tokenizer_json_is_one_line_that_names_the_field(string json, string named)
    {
        Write("tokenizer.json", json.Replace("@", Model));
        var error = Assert.Throws<ModelFileException>(() => FolderTokenizer.Open(folder.FullName));
        Assert.Contains(named, error.Message);
        Assert.Contains("tokenizer.json", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Nesting_without_end_is_refused()
    {
        Write("tokenizer.json", string.Concat(Enumerable.Repeat("""{"normalizer":{"type":"Sequence","normalizers":[""", 100_000)));
        Assert.Throws<ModelFileException>(() => FolderTokenizer.Open(folder.FullName));
        Write("tokenizer.json", $$"""{"pre_tokenizer":{"type":"Split","pattern":{"Regex":"{{new string('(', 100_000)}}"},"behavior":"Isolated"},{{Model}}}""");
        Assert.Contains("groups in each other", Assert.Throws<ModelFileException>(() => FolderTokenizer.Open(folder.FullName)).Message);
    }

    [Fact]
    public void Every_cut_of_a_good_file_is_refused()
    {
        var json = File.ReadAllText(Path.Combine(TokenizerFolders.Path("unigram-ties"), "tokenizer.json")).TrimEnd();
        for (var length = 0; length < json.Length; length += 7)
        {
            Write("tokenizer.json", json[..length]);
            Assert.Throws<ModelFileException>(() => FolderTokenizer.Open(folder.FullName));
        }
    }

    [Fact]
    public void Broken_sentencepiece_models_are_refused_or_read_but_never_more()
    {
        var good = File.ReadAllBytes(Path.Combine(TokenizerFolders.Path("spm-bpe-suffix"), "tokenizer.model"));
        var random = new Random(11);
        var refused = 0;
        for (var i = 0; i < 300; i++)
        {
            var bytes = good[..(i % 3 == 0 ? random.Next(good.Length) : good.Length)];
            for (var n = 0; n < 3 && bytes.Length > 0; n++) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(Path.Combine(folder.FullName, "tokenizer.model"), bytes);
            try
            {
                FolderTokenizer.Open(folder.FullName).Encode("a b c 你好");
            }
            catch (ModelFileException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 50, 300);
    }

    [Theory]
    [InlineData("IQ== 0\n!!!! 1\n", "line 2")]
    [InlineData("IQ== 0\nIg== 0\n", "twice")]
    [InlineData("IQ== 0\nIQ== 1\n", "two ranks")]
    [InlineData("IQ== 0\nIg== 99999999999\n", "line 2")]
    public void A_broken_rank_file_names_its_line(string lines, string named)
    {
        Write("qwen.tiktoken", lines);
        Assert.Contains(named, Assert.Throws<ModelFileException>(() => FolderTokenizer.Open(folder.FullName)).Message);
    }

    [Fact]
    public void A_folder_without_a_tokenizer_says_what_it_looked_for()
    {
        Assert.Contains("tokenizer.json", Assert.Throws<FileNotFoundException>(() => FolderTokenizer.Open(folder.FullName)).Message);
        Assert.Throws<DirectoryNotFoundException>(() => FolderTokenizer.Open(Path.Combine(folder.FullName, "nothing")));
    }

    void Write(string name, string text) => File.WriteAllText(Path.Combine(folder.FullName, name), text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
}
