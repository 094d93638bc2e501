using System.Text.Json;
using Homegrown.Engine.Tests.Folders;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Embeddings;

/// <summary>Rerankers against the scores that transformers 5.23 computed in float32 from the same random weights. The bound is the fixtures' own.</summary>
public sealed class RerankFolderTests
{
    const float Bound = 2e-5f;

    /// <summary>What the default mode's activations of 8 or 16 bits may move a score by.</summary>
    const float FastBound = 0.01f;

    public static TheoryData<string> Folders => ["reranker-bert", "reranker-xlmr", "reranker-modernbert", "reranker-gte", "reranker-qwen3"];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Scores_equal_the_reference(string name) => Compare(name, exact: true, Bound);

    [Theory]
    [MemberData(nameof(Folders))]
    public void The_fast_mode_scores_nearly_the_same(string name) => Compare(name, exact: false, FastBound);

    static void Compare(string name, bool exact, float bound)
    {
        var folder = Repository.Shared("embeddings", name);
        using var model = RerankModel.Load(folder, new() { Exact = exact });
        using var reference = Reference.Open(folder);
        Assert.Empty(model.Warnings);
        using var file = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "pairs.json")));
        var pairs = file.RootElement.GetProperty("pairs").EnumerateArray().Select(pair => (Query: pair[0].GetString()!, Document: pair[1].GetString()!)).ToArray();
        var ids = file.RootElement.GetProperty("ids").EnumerateArray().Select(ids => ids.GetArrayLength()).ToArray();
        var expected = reference.Floats("scores");
        foreach (var query in pairs.Select(pair => pair.Query).Distinct())
        {
            int[] own = [.. Enumerable.Range(0, pairs.Length).Where(i => pairs[i].Query == query)];
            var scores = model.Score(query, [.. own.Select(i => pairs[i].Document)]);
            Assert.Equal(Enumerable.Range(0, own.Length), scores.Select(score => score.Index));
            Assert.Equal(own.Select(i => ids[i]), scores.Select(score => score.Tokens));
            foreach (var score in scores) Assert.InRange(Math.Abs(score.Score - expected[own[score.Index]]), 0, bound);
        }
    }
}
