namespace Homegrown.Kernels.Ops;

/// <summary>An operation: the class that holds it, and the tiers in which it is written.</summary>
sealed record Op(Type Type, params Tier[] Tiers)
{
    public string Name => Type.Name;
}

/// <summary>All operations. A new one is a file beside this and a row here; the corpus of the tests then asks for its definition.</summary>
static class OpCatalog
{
    public static IReadOnlyList<Op> All { get; } =
    [
        new(typeof(Activate), Tier.Reference, Tier.Portable),
        new(typeof(Add), Tier.Reference, Tier.Portable),
        new(typeof(Attention), Tier.Reference, Tier.Portable),
        new(typeof(CausalConvolution), Tier.Reference, Tier.Portable),
        new(typeof(ChooseKeys), Tier.Reference, Tier.Portable),
        new(typeof(Embedding), Tier.Reference, Tier.Portable),
        new(typeof(Gated), Tier.Reference, Tier.Portable),
        new(typeof(LayerNorm), Tier.Reference, Tier.Portable),
        new(typeof(LinearRecurrence), Tier.Reference, Tier.Portable),
        new(typeof(MatMul), Tier.Reference, Tier.Portable),
        new(typeof(MixStreams), Tier.Reference, Tier.Portable),
        new(typeof(Multiply), Tier.Reference, Tier.Portable),
        new(typeof(PoolWindows), Tier.Reference, Tier.Portable),
        new(typeof(RmsNorm), Tier.Reference, Tier.Portable),
        new(typeof(Rope), Tier.Reference, Tier.Portable),
        new(typeof(Scale), Tier.Reference, Tier.Portable),
        new(typeof(SwiGlu), Tier.Reference, Tier.Portable),
        new(typeof(TimeStep), Tier.Reference, Tier.Portable),
        new(typeof(Xielu), Tier.Reference, Tier.Portable),
    ];
}
