using Homegrown.Engine.Layers;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>Mixtures of experts by the keys and names that they have in GGUF.</summary>
static class ExpertWeights
{
    /// <summary>How a model routes: keys <c>expert_*</c>, and what its family does where they say nothing.</summary>
    public static Routing ReadRouting(this ModelConfig c, RouterScores scores, bool normalised)
    {
        var keys = c.Metadata;
        var experts = keys.Positive("expert_count");
        var used = keys.Positive("expert_used_count");
        if (used > experts) throw keys.Error("expert_used_count", $"{used} of {experts} experts cannot be used");
        var groups = Math.Max(1, keys.Count("expert_group_count", 1));
        if (experts % groups != 0) throw keys.Error("expert_group_count", $"{groups} does not divide the {experts} experts");
        return new(experts, used, keys.Integer("expert_gating_func") switch
        {
            1 => RouterScores.Softmax,
            2 => RouterScores.Sigmoid,
            4 => RouterScores.RootSoftplus,
            _ => scores,
        })
        {
            Normalised = keys.Flag("expert_weights_norm", normalised),
            Scale = keys.Optional("expert_weights_scale", 1f) is > 0 and var scale ? scale : 1,    // 0 stands for none in older files
            Groups = groups,
            GroupsUsed = Math.Clamp(keys.Count("expert_group_used_count", groups), 1, groups),
        };
    }

    /// <summary>ffn_gate_inp, exp_probs_b, the experts, and the shared one if the model has one.</summary>
    /// <param name="gate">Of the experts; null for that of the model's activation.</param>
    /// <param name="sharedGate">Of the shared one; null for that of the others.</param>
    public static ExpertsLayer Experts(this Weights w, ModelConfig c, Routing routing, Gate? gate = null, Gate? sharedGate = null)
    {
        var keys = c.Metadata;
        var inner = keys.Optional("expert_feed_forward_length", () => c.FeedForward);
        var open = gate ?? new(c.Activation);
        var (gateUps, downs) = w.Experts(routing.Experts, routing.Used, c.Hidden, inner);
        var shared = keys.Optional("expert_shared_feed_forward_length", () => inner * Math.Max(1, keys.Count("expert_shared_count")));
        var router = new Router(w.Linear("ffn_gate_inp", c.Hidden, routing.Experts), routing, w.VectorOrEmpty("exp_probs_b.bias", routing.Experts))
        {
            Table = w.Has("ffn_gate_tid2eid") ? w.Integers("ffn_gate_tid2eid", c.VocabularySize, routing.Used, below: routing.Experts).Select(expert => (int)expert).ToArray() : [],
        };
        return new(router, gateUps, downs, open)
        {
            Shared = w.Has("ffn_up_shexp") ? w.Gated(c.Hidden, shared, sharedGate ?? open, "_shexp") : null,
            SharedGate = w.Has("ffn_gate_inp_shexp") ? w.Linear("ffn_gate_inp_shexp", c.Hidden, 1) : null,
        };
    }

    /// <summary>Experts without gates, the shared one too, which may work in a narrower space than the stream's (Nemotron 3).</summary>
    /// <param name="inner">Width of a routed expert, where no key says it.</param>
    public static ExpertsLayer PlainExperts(this Weights w, ModelConfig c, Routing routing, int inner, Activation activation)
    {
        var keys = c.Metadata;
        inner = keys.Optional("expert_feed_forward_length", () => inner);
        var latent = keys.Optional("moe_latent_size", () => c.Hidden);
        var (ups, downs) = w.Experts(routing.Experts, routing.Used, latent, inner, gated: false);
        var shared = keys.Optional("expert_shared_feed_forward_length", () => inner * Math.Max(1, keys.Count("expert_shared_count")));
        return new(new(w.Linear("ffn_gate_inp", c.Hidden, routing.Experts), routing, w.VectorOrEmpty("exp_probs_b.bias", routing.Experts)), ups, downs, Gate.Silu)
        {
            Plain = activation,
            Latent = w.Has("ffn_latent_down") ? (w.Linear("ffn_latent_down", c.Hidden, latent), w.Linear("ffn_latent_up", latent, c.Hidden)) : null,
            Shared = w.Has("ffn_up_shexp") ? w.Plain(c.Hidden, shared, activation, "_shexp") : null,
        };
    }
}
