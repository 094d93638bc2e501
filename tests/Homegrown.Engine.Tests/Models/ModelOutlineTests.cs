using Homegrown.Engine.Tests.Folders;
using Homegrown.Kernels.Memory;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Models;

/// <summary>What is said of a model before it runs, against what it takes when it does.</summary>
public sealed class ModelOutlineTests
{
    public static TheoryData<string> Files => [.. FolderTests.Folders.Select(row => $"hf/{row.Data}"), .. ArchitectureTests.Names.Select(name => $"archs/{name}.gguf")];

    [Theory]
    [MemberData(nameof(Files))]
    public void Panels_and_caches_are_predicted_to_the_byte(string name)
    {
        var path = Repository.Shared(name.Split('/'));
        var outline = ModelOutline.Of(path);
        foreach (var type in Enum.GetValues<KvType>())
        {
            var positions = Math.Min(100, outline.Config.ContextLength);     // no whole number of pages
            using var model = LocalModel.Load(path, new() { Sequences = 1, ContextLength = positions, CacheType = type });
            Assert.Equal(model.CacheBytes, outline.Memory(positions, type).Cache);
            Assert.Equal(model.PanelBytes, outline.Memory(positions, type).Panels);
            Assert.Equal(model.Warnings, outline.Warnings);
            Assert.Equal(model.Architecture, outline.Config.Architecture);
        }
    }

    [Theory]
    [InlineData("archs/llama.gguf", KvType.F16)]
    [InlineData("hf/deepseek_v2", KvType.F16)]
    [InlineData("hf/deepseek_v4", KvType.Q8_0)]
    [InlineData("hf/qwen3_next", KvType.Q4_0)]
    public void A_cache_grows_by_a_page_for_each_64_positions(string name, KvType type)
    {
        var shape = ModelOutline.Of(Repository.Shared(name.Split('/'))).KvShape;
        var page = 64 * shape.Entries.Sum(entry => entry.BytesPerPosition(type));
        Assert.Equal(page, shape.Bytes(65, type) - shape.Bytes(64, type));
        Assert.Equal(shape.Bytes(65, type), shape.Bytes(128, type));
        Assert.Equal(page * (1 + shape.Windows.Count(window => window <= 64) + shape.Windows.Count) + shape.BytesPerSequence, shape.Bytes(64, type));
    }

    [Fact]
    public void Of_experts_only_the_chosen_ones_are_active()
    {
        var outline = ModelOutline.Of(Repository.Shared("hf", "qwen3_moe"));
        var experts = outline.Tensors.Where(tensor => tensor.Name.Contains("_exps", StringComparison.Ordinal)).Sum(tensor => tensor.Values);
        var (count, used) = (outline.Config.Metadata.Count("expert_count"), outline.Config.Metadata.Count("expert_used_count"));
        Assert.Equal(outline.Parameters - experts + (experts / count * used), outline.ActiveParameters);
        Assert.True(used < count);
    }
}
