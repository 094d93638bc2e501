using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Scheduling;

/// <summary>
/// Texts that are read at once and whole, as an encoder does: rows of all of them one below the other, without padding. Nothing is
/// kept: keys and values of one layer live until the next attends. Reused, so that a steady state allocates nothing.
/// </summary>
public sealed class EncoderBatch(Compute compute) : IDisposable
{
    readonly RaggedRows rows = new();
    readonly List<int> tokens = [], numbers = [];
    KvPages? pages;

    public Compute Compute { get; } = compute;

    /// <summary>Token of each row, [rows].</summary>
    public ReadOnlySpan<int> Tokens => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(tokens);

    /// <summary>Which rows are a text.</summary>
    public RaggedRows Rows => rows;

    /// <summary>Forgets texts and gives back all tensors.</summary>
    public void Clear()
    {
        rows.Clear();
        tokens.Clear();
        numbers.Clear();
        Compute.Reset();
    }

    /// <summary>Adds a text.</summary>
    public void Add(ReadOnlySpan<int> text)
    {
        var first = numbers.Count;
        for (var at = 0; at < text.Length; at += KvPages.PageSize) numbers.Add(numbers.Count);
        rows.Add(text.Length, 0, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(numbers)[first..]);
        tokens.AddRange(text);
    }

    /// <summary>Every row attends to its whole text, in float32: [rows, heads * valueDim].</summary>
    /// <param name="options">With both sides in sight, or causal where a family is.</param>
    public Tensor Attend(Tensor q, Tensor k, Tensor v, AttentionShape shape, AttentionOptions options)
    {
        var entry = new KvEntry(shape.KvHeads, shape.KeyDim, shape.ValueDim);
        if (pages is null || pages.Entry != entry || pages.Pages < numbers.Count)
        {
            pages?.Dispose();
            pages = new KvPages(Math.Max(numbers.Count, pages?.Pages ?? 0), entry, KvType.F32);
        }

        return Attention.Forward(q, k, v, pages, rows, shape, options);
    }

    public void Dispose() => pages?.Dispose();
}
