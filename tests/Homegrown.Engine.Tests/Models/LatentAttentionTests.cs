using Homegrown.Engine.Formats;
using Homegrown.Engine.Tests.Folders;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Models;

/// <summary>Families with latent attention: what they keep, and that no setting in which their public files differ goes unheard.</summary>
public sealed class LatentAttentionTests
{
    [Theory]
    [InlineData("deepseek_v2", 3, 24, 8)]
    [InlineData("deepseek_v3", 3, 24, 8)]
    [InlineData("minicpm3", 3, 16, 8)]
    [InlineData("longcat_flash", 4, 24, 8)]        // two attentions in each of two layers
    public void A_position_keeps_one_latent_and_one_key_that_turns_whatever_the_heads(string name, int attentions, int latent, int turned)
    {
        using var model = new StepDriver(Repository.Shared("hf", name), exact: true);
        Assert.Equal(attentions, model.Kept.Entries.Count);
        Assert.All(model.Kept.Entries, entry => Assert.Equal((1, latent + turned, true), (entry.KvHeads, entry.KeyDim, entry.ValuesInKeys)));
    }

    [Theory]
    [InlineData("deepseek_v2", """{"topk_method": "group_limited_greedy", "n_group": 3, "topk_group": 1}""")]
    [InlineData("deepseek_v2", """{"routed_scaling_factor": 16.0}""")]
    [InlineData("deepseek_v3", """{"topk_method": "noaux_tc", "topk_group": 1, "num_experts_per_tok": 2}""")]
    [InlineData("deepseek_v3", """{"topk_method": "greedy"}""")]
    [InlineData("deepseek_v3", """{"scoring_func": "softmax"}""")]
    [InlineData("deepseek_v3", """{"norm_topk_prob": false}""")]
    [InlineData("deepseek_v3", """{"routed_scaling_factor": 1.0}""")]
    [InlineData("deepseek_v3", """{"rope_interleave": false}""")]
    [InlineData("deepseek_v3", """{"rope_scaling": null}""")]
    [InlineData("deepseek_v3", """{"rope_scaling": {"type": "yarn", "factor": 40, "original_max_position_embeddings": 32, "mscale": 1.0, "mscale_all_dim": 0.707}}""")]
    [InlineData("mistral4", """{"norm_topk_prob": false}""")]
    [InlineData("minicpm3", """{"scale_emb": 1}""")]
    [InlineData("minicpm3", """{"scale_depth": 1}""")]
    [InlineData("minicpm3", """{"dim_model_base": 64}""")]
    [InlineData("longcat_flash", """{"mla_scale_q_lora": false}""")]
    [InlineData("longcat_flash", """{"mla_scale_kv_lora": false}""")]
    [InlineData("longcat_flash", """{"routed_scaling_factor": 1.0}""")]
    public void A_setting_is_honoured(string name, string settings)
    {
        using var changed = ChangedFolder.With(name, settings);
        Assert.True(Numbers.Nmse(Logits(changed.Path), Logits(Repository.Shared("hf", name))) > 1e-6);
    }

    [Theory]
    [InlineData("deepseek_v2", """{"n_group": 3, "topk_group": 1}""")]                      // greedy: groups are not asked
    [InlineData("deepseek_v2", """{"norm_topk_prob": true, "aux_loss_alpha": 0.001, "seq_aux": true, "ep_size": 1, "moe_layer_freq": 1}""")]
    [InlineData("deepseek_v3", """{"topk_method": "noaux_tc", "scoring_func": "sigmoid", "ep_size": 1, "moe_layer_freq": 1, "num_nextn_predict_layers": 1}""")]
    [InlineData("deepseek_v3", """{"rope_theta": null, "rope_scaling": null, "rope_parameters": {"rope_theta": 10000, "type": "yarn", "factor": 40, "original_max_position_embeddings": 32, "mscale": 1, "mscale_all_dim": 1}}""")]
    [InlineData("longcat_flash", """{"attention_method": "MLA", "zero_expert_type": "identity", "mla_scale_q_lora": true, "mla_scale_kv_lora": true, "router_bias": false, "norm_topk_prob": false}""")]
    public void A_setting_that_says_what_holds_already_changes_nothing(string name, string settings)
    {
        using var changed = ChangedFolder.With(name, settings);
        Assert.Equal(Logits(Repository.Shared("hf", name)), Logits(changed.Path));
    }

    [Theory]
    [InlineData("deepseek_v2", """{"topk_method": "best_of_all"}""", "topk_method")]
    [InlineData("deepseek_v3", """{"topk_method": "best_of_all"}""", "topk_method")]
    [InlineData("deepseek_v3", """{"scoring_func": "tanh"}""", "scoring_func")]
    [InlineData("deepseek_v3", """{"rope_scaling": {"type": "bent", "factor": 2}}""", "rope.scaling.type")]
    [InlineData("deepseek_v3", """{"kv_lora_rank": null}""", "kv_lora_rank")]
    [InlineData("longcat_flash", """{"zero_expert_type": "copy"}""", "zero_expert_type")]
    [InlineData("longcat_flash", """{"attention_method": "MHA"}""", "attention_method")]
    public void A_setting_of_an_unknown_kind_is_refused_by_name(string name, string settings, string setting)
    {
        using var changed = ChangedFolder.With(name, settings);
        Assert.Contains(setting, Assert.Throws<ModelFileException>(() => LocalModel.Load(changed.Path)).Message, StringComparison.Ordinal);
    }

    static float[] Logits(string folder)
    {
        using var model = LocalModel.Load(folder, new() { Exact = true });
        Assert.Empty(model.Warnings);
        var tokens = Enumerable.Range(0, 40).Select(i => (i * 7) % 200).ToArray();
        var logits = new float[tokens.Length * model.VocabularySize];
        model.Logits(tokens, (position, row) => row.CopyTo(logits.AsSpan(position * model.VocabularySize)));
        return logits;
    }
}
