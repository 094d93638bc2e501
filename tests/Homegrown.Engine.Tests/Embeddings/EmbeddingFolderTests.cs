using System.Text.Json;
using Homegrown.Engine.Tests.Folders;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Embeddings;

/// <summary>
/// Embedding models against vectors that transformers 5.23 computed in float32 from the same random weights, a text at a time: here texts of
/// all lengths share steps. The bounds are the fixtures' own.
/// </summary>
public sealed class EmbeddingFolderTests
{
    const double Bound = 1e-10;

    /// <summary>What the default mode's activations of 8 or 16 bits may turn a vector by: 1 - cosine. Measured on vectors of 512 bits: 1e-7.</summary>
    const double FastBound = 1e-4;

    public static TheoryData<string> Folders =>
    [
        "minilm", "bge", "bge-m3", "nomic", "modernbert", "gte", "jina-v3", "qwen3-embedding", "embedding-gemma",
        "embedding-gemma2", "mpnet",
    ];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Vectors_equal_the_reference(string name)
    {
        var folder = Repository.Shared("embeddings", name);
        using var model = EmbeddingModel.Load(folder, new() { Exact = true });
        using var reference = Reference.Open(folder);
        Assert.Empty(model.Warnings);
        foreach (var kind in reference.Names.Where(kind => kind.StartsWith("embeddings", StringComparison.Ordinal)))
        {
            var (texts, options) = Case(kind, Texts(folder));
            var vectors = model.Embed(texts, options).SelectMany(one => one.Vector).ToArray();
            Assert.InRange(Numbers.Nmse(vectors, reference.Floats(kind)), 0, Bound);
        }
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void The_fast_mode_points_the_same_way(string name)
    {
        var folder = Repository.Shared("embeddings", name);
        using var model = EmbeddingModel.Load(folder);
        using var reference = Reference.Open(folder);
        var expected = reference.Floats("embeddings");
        var vectors = model.Embed(Texts(folder));
        for (var text = 0; text < vectors.Count; text++)
            Assert.InRange(1 - Cosine(vectors[text].Vector, expected.AsSpan(text * model.Dimensions, model.Dimensions)), -1e-6, FastBound);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Tokens_equal_the_reference(string name)
    {
        var folder = Repository.Shared("embeddings", name);
        using var model = EmbeddingModel.Load(folder, new() { Exact = true });
        using var texts = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "texts.json")));
        var expected = texts.RootElement.GetProperty("ids").EnumerateArray().Select(ids => ids.GetArrayLength());
        Assert.Equal(expected, model.Embed(Texts(folder)).Select(one => one.Tokens));
    }

    /// <summary>"embeddings", then ".query" for a prompt, ".dim16" for a shorter vector, ".layernorm.dim16" for one normed before.</summary>
    static (string[] Texts, EmbeddingOptions Options) Case(string kind, string[] texts)
    {
        var rest = kind["embeddings".Length..].TrimStart('.');
        var normed = rest.StartsWith("layernorm.", StringComparison.Ordinal);
        if (normed) rest = rest["layernorm.".Length..];
        if (rest.StartsWith("dim", StringComparison.Ordinal)) return (texts, new() { LayerNorm = normed, Dimensions = int.Parse(rest[3..]) });
        return rest.Length == 0 ? (texts, new()) : (texts[..8], new() { Prompt = rest });
    }

    static string[] Texts(string folder)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "texts.json")));
        return [.. json.RootElement.GetProperty("texts").EnumerateArray().Select(text => text.GetString()!)];
    }

    static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var (dot, squaresA, squaresB) = (0.0, 0.0, 0.0);
        for (var i = 0; i < a.Length; i++) (dot, squaresA, squaresB) = (dot + ((double)a[i] * b[i]), squaresA + ((double)a[i] * a[i]), squaresB + ((double)b[i] * b[i]));
        return dot / Math.Sqrt(squaresA * squaresB);
    }
}
