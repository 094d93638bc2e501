using System.Text.Json;
using Homegrown.Engine.Tokenizers;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Tokenizers;

/// <summary>Ids that other programs computed.</summary>
public class GoldenIdsTests
{
    [Theory]
    [InlineData("gpt-2")]
    [InlineData("llama-bpe")]
    [InlineData("qwen2")]
    [InlineData("deepseek-llm")]
    [InlineData("llama-spm")]
    [InlineData("phi-3")]
    [InlineData("bert-bge")]
    public void Real_vocabularies_give_the_ids_of_the_reference(string name)
    {
        var file = Repository.Shared("vocab", $"ggml-vocab-{name}.gguf");
        AssertIds(VocabularyFiles.Open(file), file + ".inp", file + ".out");
    }

    [Theory]
    [InlineData("smollm")]
    [InlineData("gpt-2")]
    [InlineData("llama-bpe")]
    [InlineData("dbrx")]
    [InlineData("qwen2")]
    [InlineData("qwen35")]
    [InlineData("deepseek-llm")]
    [InlineData("deepseek-coder")]
    [InlineData("deepseek-v3")]
    [InlineData("falcon")]
    [InlineData("default")]
    public void Every_pre_tokenizer_gives_the_ids_of_the_reference(string pre)
    {
        var tokenizer = TokenizerFactory.Create(VocabularyFiles.Read(Repository.Model) with { Pre = pre });
        AssertIds(tokenizer, Repository.Fixture("tokenizers", "texts.inp"), Repository.Fixture("tokenizers", $"{pre}.out"));
    }

    [Fact]
    public void Rendered_conversations_of_the_embedded_model_give_the_golden_ids()
    {
        var tokenizer = VocabularyFiles.Open(Repository.Model);
        using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(Path.GetDirectoryName(Repository.Model)!, "smollm2-135m.golden.json")));
        var conversations = golden.RootElement.GetProperty("conversations").EnumerateArray().ToArray();
        Assert.Equal(6, conversations.Length);
        foreach (var conversation in conversations)
        {
            var prompt = conversation.GetProperty("prompt").GetString()!;
            int[] expected = [.. conversation.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32())];
            Assert.Equal(expected, tokenizer.Encode(prompt));
            Assert.Equal(prompt, tokenizer.Decode(expected, showControl: true));
        }
    }

    [Theory]
    [InlineData("gpt2", "gpt-2")]
    [InlineData("llama3", "llama-bpe")]
    [InlineData("deepseek", "deepseek-v3")]
    [InlineData("smollm", "smollm")]
    public void Small_vocabularies_give_the_ids_and_streams_of_the_tokenizers_library(string folder, string pre)
    {
        var tokenizer = TokenizerFactory.Create(FromJson(Repository.Shared("tokenizers", folder, "tokenizer.json")) with { Pre = pre });
        foreach (var test in Json(Repository.Shared("tokenizers", folder, "cases.json")).EnumerateArray())
        {
            var ids = new List<int>();
            tokenizer.Encode(test.GetProperty("text").GetString(), ids, parseSpecial: true);
            Assert.Equal(Ids(test, "ids_without_special"), ids);
        }
        foreach (var test in Json(Repository.Shared("tokenizers", folder, "decode.json")).GetProperty("streaming").EnumerateArray())
        {
            var stream = new TokenStream(tokenizer, showControl: !test.GetProperty("skip_special").GetBoolean());
            var deltas = Ids(test, "ids").Select(stream.Append).ToArray();
            string[] expected = [.. test.GetProperty("deltas").EnumerateArray().Select(delta => delta.GetString()!), test.GetProperty("flush").GetString()!];
            string[] actual = [.. deltas, stream.Finish()];
            Assert.Equal(string.Concat(expected), string.Concat(actual));
            // We know a surrogate in UTF-8 to be broken one byte before the reference does.
            if (!expected.Any(text => text.Contains('\uFFFD'))) Assert.Equal(expected, actual);
        }
    }

    static void AssertIds(Tokenizer tokenizer, string textFile, string idFile)
    {
        var texts = VocabularyFiles.Texts(textFile);
        var expected = VocabularyFiles.Ids(idFile);
        Assert.Equal(texts.Length, expected.Length);
        for (var i = 0; i < texts.Length; i++) Assert.Equal(expected[i], tokenizer.Plain(texts[i]));
    }

    static VocabularyData FromJson(string path)
    {
        var json = Json(path);
        var model = json.GetProperty("model");
        var tokens = model.GetProperty("vocab").EnumerateObject().ToDictionary(token => token.Value.GetInt32(), token => token.Name);
        var special = json.GetProperty("added_tokens").EnumerateArray().ToDictionary(token => token.GetProperty("id").GetInt32());
        foreach (var (id, token) in special) tokens[id] = token.GetProperty("content").GetString()!;
        return new VocabularyData
        {
            Model = "gpt2",
            Tokens = [.. Enumerable.Range(0, tokens.Count).Select(id => tokens[id])],
            Kinds = [.. Enumerable.Range(0, tokens.Count).Select(id => (int)Kind(id))],
            Merges = [.. model.GetProperty("merges").EnumerateArray().Select(merge => merge.ValueKind == JsonValueKind.Array ? $"{merge[0]} {merge[1]}" : merge.GetString()!)],
            AddBos = false,
        };

        TokenKind Kind(int id) =>
            !special.TryGetValue(id, out var token) ? TokenKind.Normal : token.GetProperty("special").GetBoolean() ? TokenKind.Control : TokenKind.UserDefined;
    }

    static JsonElement Json(string path) => JsonDocument.Parse(File.ReadAllText(path)).RootElement;

    static int[] Ids(JsonElement test, string name) => [.. test.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}
