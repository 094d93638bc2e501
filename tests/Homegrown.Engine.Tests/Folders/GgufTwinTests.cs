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
            twin.Keys.Remove("interleave_moe_layer_step");
            twin.Keys["expert_shared_count"] = 2;
            twin.Keys["expert_weights_norm"] = true;
        });

    [Fact]
    public void DeepSeek_V1_folders_are_read_by_their_names_and_heads_that_turn_by_halves()
    {
        using var folder = ChangedFolder.With("mixtral", """{"model_type": "deepseek", "scoring_func": "softmax", "norm_topk_prob": true, "router_jitter_noise": null, "moe_layer_freq": 1}""", names => names
            .Replace("block_sparse_moe", "mlp", StringComparison.Ordinal).Replace("w1.weight", "gate_proj.weight", StringComparison.Ordinal)
            .Replace("w2.weight", "down_proj.weight", StringComparison.Ordinal).Replace("w3.weight", "up_proj.weight", StringComparison.Ordinal));
        Check(folder.Path, Repository.Shared("hf", "mixtral"));
    }

    static void Check(string name, string architecture, Action<GgufTwin> change)
    {
        var folder = Repository.Shared("hf", name);
        using var source = LocalModel.Open(folder);
        var twin = GgufTwin.Of(source);
        change(twin);
        if (twin.Keys.Remove("rope.scaling.mscale_all_dim", out var all)) twin.Keys["rope.scaling.yarn_log_multiplier"] = 0.1 * Convert.ToDouble(all);
        twin.Keys.Remove("rope.scaling.mscale");
        using var file = twin.Write(architecture);
        Check(file.Path, folder);
    }

    static void Check(string path, string folder)
    {
        using var model = LocalModel.Load(path, new() { Exact = true });
        Assert.Empty(model.Warnings);
        using var reference = Reference.Open(folder);
        var tokens = FolderTests.Tokens(folder, "a");
        var logits = new float[tokens.Length * model.VocabularySize];
        model.Logits(tokens, (position, row) => row.CopyTo(logits.AsSpan(position * model.VocabularySize)));
        Assert.InRange(Numbers.Nmse(logits, reference.Floats("logits_a")), 0, Bound);
    }
}
