using Homegrown.Engine.Formats;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Embeddings;

/// <summary>What an embedding model does beside its vectors being right.</summary>
public sealed class EmbeddingModelTests
{
    static readonly string Long = string.Join(' ', Enumerable.Repeat("tomatoes", 200));

    [Fact]
    public void A_text_that_is_too_long_is_an_error_with_both_counts()
    {
        using var model = Load("minilm");
        var error = Assert.Throws<ArgumentException>(() => model.Embed(["short", Long]));
        Assert.Matches(@"Text 1 has \d{3,} tokens; the model reads 128\..*--truncate", error.Message);
    }

    [Fact]
    public void A_text_that_is_too_long_is_cut_where_that_is_asked_for()
    {
        using var model = Load("minilm");
        var (cut, whole) = (model.Embed([Long], new() { Truncate = true })[0], model.Tokenizer.Encode(Long));
        Assert.Equal(128, cut.Tokens);
        Assert.NotEqual(128, whole.Count);
        Assert.Equal(1, cut.Vector.Sum(value => (double)value * value), 1e-6);
    }

    [Fact]
    public void An_unknown_prompt_is_an_error_that_lists_those_there_are()
    {
        using var model = Load("nomic");
        var error = Assert.Throws<ArgumentException>(() => model.Embed(["a"], new() { Prompt = "qery" }));
        Assert.Contains("no prompt 'qery'", error.Message);
        Assert.Contains("query, document", error.Message);
    }

    [Fact]
    public void More_dimensions_than_there_are_is_an_error()
    {
        using var model = Load("minilm");
        Assert.Contains("1 to 32", Assert.Throws<ArgumentException>(() => model.Embed(["a"], new() { Dimensions = 33 })).Message);
    }

    [Fact]
    public void A_text_has_the_same_vector_alone_and_among_hundreds_in_several_steps()
    {
        using var model = Load("modernbert");
        string[] texts = [.. Enumerable.Range(0, 300).Select(i => $"text {i} about {string.Join(' ', Enumerable.Repeat("garden", i % 20))}")];
        var all = model.Embed(texts);
        foreach (var i in (int[])[0, 29, 150, 299]) Assert.Equal(model.Embed([texts[i]])[0].Vector, all[i].Vector);
    }

    [Fact]
    public void Several_callers_at_once_get_their_own_vectors()
    {
        using var model = Load("bge");
        string[] texts = ["one", "two tomatoes", "three trains leave"];
        var expected = model.Embed(texts).Select(one => one.Vector).ToArray();
        Parallel.For(0, 24, i => Assert.Equal(expected[i % 3], model.Embed([texts[i % 3]])[0].Vector));
    }

    [Fact]
    public void A_reranker_cuts_the_document_and_keeps_the_query()
    {
        using var model = RerankModel.Load(Repository.Shared("embeddings", "reranker-bert"), new() { Exact = true });
        Assert.Matches(@"Document 0 with the query has \d{3,} tokens; the model reads 160", Assert.Throws<ArgumentException>(() => model.Score("tomatoes", [Long])).Message);
        Assert.Equal(160, model.Score("tomatoes", [Long], new() { Truncate = true })[0].Tokens);
        Assert.Contains("however much", Assert.Throws<ArgumentException>(() => model.Score(Long, ["a"], new() { Truncate = true })).Message);
    }

    [Fact]
    public void A_cross_encoder_takes_no_instruction()
    {
        using var model = RerankModel.Load(Repository.Shared("embeddings", "reranker-gte"));
        Assert.Throws<ArgumentException>(() => model.Score("a", ["b"], new() { Instruction = "be kind" }));
    }

    [Fact]
    public void A_model_without_a_head_of_scores_is_no_reranker()
        => Assert.Contains("no head that scores pairs", Assert.Throws<ModelFileException>(() => RerankModel.Load(Repository.Shared("embeddings", "minilm"))).Message);

    [Fact]
    public void A_model_that_sees_the_future_does_not_generate()
    {
        foreach (var name in (string[])["minilm", "embedding-gemma"])
            Assert.Contains("cannot generate", Assert.Throws<ModelFileException>(() => LocalModel.Load(Repository.Shared("embeddings", name))).Message);
    }

    static EmbeddingModel Load(string name) => EmbeddingModel.Load(Repository.Shared("embeddings", name), new() { Exact = true });
}
