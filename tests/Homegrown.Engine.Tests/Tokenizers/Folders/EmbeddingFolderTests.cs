using System.Text.Json;
using Homegrown.Engine.Tokenizers.Folders;
using Homegrown.Testing;
using static Homegrown.Engine.Tests.Tokenizers.Folders.TokenizerFolders;

namespace Homegrown.Engine.Tests.Tokenizers.Folders;

/// <summary>Folders of embedding models and rerankers, with the special tokens that their post-processors add.</summary>
public class EmbeddingFolderTests
{
    [Theory]
    [InlineData("minilm")]
    [InlineData("bge")]
    [InlineData("bge-m3")]
    [InlineData("nomic")]
    [InlineData("modernbert")]
    [InlineData("gte")]
    [InlineData("jina-v3")]
    [InlineData("qwen3-embedding")]
    [InlineData("embedding-gemma")]
    [InlineData("embedding-gemma2")]
    [InlineData("mpnet")]
    public void Texts_for_embedding_models_have_their_ids(string folder)
    {
        var tokenizer = FolderTokenizer.Open(Repository.Shared("embeddings", folder));
        var texts = JsonDocument.Parse(File.ReadAllBytes(Repository.Shared("embeddings", folder, "texts.json"))).RootElement;
        var comparison = new Comparison();
        foreach (var (text, ids) in texts.GetProperty("texts").EnumerateArray().Zip(texts.GetProperty("ids").EnumerateArray()))
            comparison.Equal(ids.EnumerateArray().Select(id => id.GetInt32()), tokenizer.Encode(text.GetString()!), text.GetString()!);
        comparison.Check();
    }

    [Theory]
    [InlineData("reranker-bert")]
    [InlineData("reranker-xlmr")]
    [InlineData("reranker-gte")]
    [InlineData("reranker-modernbert")]
    public void Pairs_for_rerankers_have_their_ids(string folder)
    {
        var tokenizer = FolderTokenizer.Open(Repository.Shared("embeddings", folder));
        var pairs = JsonDocument.Parse(File.ReadAllBytes(Repository.Shared("embeddings", folder, "pairs.json"))).RootElement;
        var comparison = new Comparison();
        foreach (var (pair, ids) in pairs.GetProperty("pairs").EnumerateArray().Zip(pairs.GetProperty("ids").EnumerateArray()))
            comparison.Equal(ids.EnumerateArray().Select(id => id.GetInt32()), tokenizer.EncodePair(pair[0].GetString()!, pair[1].GetString()!).Ids, pair[0].GetString()!);
        comparison.Check();
    }
}
