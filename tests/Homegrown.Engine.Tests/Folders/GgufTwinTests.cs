using Homegrown.Engine.Tests.Formats;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Folders;

/// <summary>
/// GGUF files of latent attention in the forms that they have had over the years, made of folders whose logits are known: the products
/// of the heads in two stacks or in one, head widths under their own keys or not.
/// </summary>
public sealed class GgufTwinTests
{
    const double Bound = 1e-10;

    [Theory]
    [InlineData("deepseek_v2", "deepseek2")]       // queries without a latent, softmax scores, YaRN
    [InlineData("deepseek_v3", "deepseek2")]
    [InlineData("glm4_moe_lite", "deepseek2")]
    [InlineData("youtu", "deepseek2")]             // dense
    [InlineData("mistral4", "mistral4")]
    public void Files_with_two_stacks_of_heads_equal_their_folder(string name, string architecture)
        => Check(name, architecture, twin => twin.SplitLatentHeads());

    [Theory]
    [InlineData("deepseek_v2", "deepseek2")]
    [InlineData("deepseek_v3", "deepseek2")]
    public void Older_files_with_one_stack_and_plain_widths_equal_their_folder(string name, string architecture)
        => Check(name, architecture, twin =>
        {
            foreach (var key in (string[])["attention.key_length", "attention.value_length"])
            {
                twin.Keys[key] = twin.Keys[$"{key}_mla"];
                twin.Keys.Remove($"{key}_mla");
            }

            twin.Keys["attention.head_count_kv"] = twin.Keys["attention.head_count"];
        });

    [Fact]
    public void DeepSeek_V1_has_attention_with_adjacent_pairs_softmax_scores_dense_first_layers_and_shared_experts()
        => Check("ernie4_5_moe", "deepseek", twin =>
        {
            twin.Keys.Remove("expert_shared_feed_forward_length");
            twin.Keys["expert_shared_count"] = 2;
            twin.Keys["expert_weights_norm"] = true;
        });

    static void Check(string name, string architecture, Action<GgufTwin> change)
    {
        var folder = Repository.Shared("hf", name);
        using var source = LocalModel.Open(folder);
        var twin = GgufTwin.Of(source);
        change(twin);
        if (twin.Keys.Remove("rope.scaling.mscale_all_dim", out var all)) twin.Keys["rope.scaling.yarn_log_multiplier"] = 0.1 * Convert.ToDouble(all);
        twin.Keys.Remove("rope.scaling.mscale");
        using var file = twin.Write(architecture);
        using var model = LocalModel.Load(file.Path, new() { Exact = true });
        using var reference = Reference.Open(folder);
        var tokens = FolderTests.Tokens(folder, "a");
        var logits = new float[tokens.Length * model.VocabularySize];
        model.Logits(tokens, (position, row) => row.CopyTo(logits.AsSpan(position * model.VocabularySize)));
        Assert.InRange(Numbers.Nmse(logits, reference.Floats("logits_a")), 0, Bound);
    }
}
