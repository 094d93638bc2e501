using System.Text.Json.Nodes;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Folders;

/// <summary>What an indexer does to a model: nothing while rows see no more positions than it keeps, and then it takes positions away.</summary>
public sealed class SparseAttentionTests : IDisposable
{
    readonly string temporary = Directory.CreateTempSubdirectory("homegrown-sparse-").FullName;

    public static TheoryData<string> Folders => ["deepseek_v32", "glm_moe_dsa", "hy_v4", "dots3_note_text"];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Rows_are_as_in_dense_attention_until_they_see_more_positions_than_are_chosen(string name)
    {
        const int Chosen = 20;
        var (few, all) = (Logits(name, Chosen), Logits(name, 1 << 20));
        for (var position = 0; position < Chosen; position++) Assert.InRange(Numbers.Nmse(few[position], all[position]), 0, 1e-11);
        for (var position = Chosen; position < few.Length; position++) Assert.True(Numbers.Nmse(few[position], all[position]) > 1e-9, $"position {position} is dense");
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Fewer_chosen_positions_are_further_from_dense_attention(string name)
    {
        var dense = Logits(name, 1 << 20)[^1];
        Assert.True(Numbers.Nmse(Logits(name, 4)[^1], dense) > Numbers.Nmse(Logits(name, 40)[^1], dense));
    }

    public void Dispose() => Directory.Delete(temporary, recursive: true);

    /// <summary>Of every position of the fixture's sequence a, where indexers choose so many.</summary>
    float[][] Logits(string name, int chosen)
    {
        var fixture = Repository.Shared("hf", name);
        var folder = Directory.CreateDirectory(Path.Combine(temporary, $"{chosen}")).FullName;
        foreach (var file in Directory.GetFiles(fixture, "model*")) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(fixture, "config.json")))!.AsObject();
        config["index_topk"] = chosen;
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        using var model = LocalModel.Load(folder, new() { Exact = true });
        var tokens = FolderTests.Tokens(fixture, "a");
        var logits = new float[tokens.Length][];
        model.Logits(tokens, (position, row) => logits[position] = row.ToArray());
        return logits;
    }
}
