using System.Runtime.InteropServices;
using Homegrown.Engine.Cache;
using Homegrown.Engine.Layers;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Scheduling;

/// <summary>
/// One step's work as a model sees it: rows of tokens of one or several sequences, each at its position, the pages where their
/// keys and values live, and which rows' logits are wanted. A model cannot tell prefill from decode, or one caller from sixteen.
/// Reused from step to step, so that a steady state allocates nothing.
/// </summary>
public sealed class Batch(Compute compute, KvCache cache)
{
    readonly RaggedRows rows = new();
    readonly List<(RopeLayer Rope, Tensor Values)> rotations = [];
    readonly List<int> sampled = [];
    readonly List<(int Rows, int Length)> runs = [];
    readonly List<KvLease> leases = [];
    readonly List<(WindowRows Rows, bool Filled)> windows = [];
    int[] tokens = new int[16], types = new int[16];

    public Compute Compute { get; } = compute;

    /// <summary>Token of each row, [rows].</summary>
    public ReadOnlySpan<int> Tokens => tokens.AsSpan(0, rows.Rows);

    /// <summary>Which text of a pair each row is of, as its tokenizer counts them (token_type_ids), [rows].</summary>
    public ReadOnlySpan<int> Types => types.AsSpan(0, rows.Rows);

    /// <summary>Position of each row in its sequence, [rows].</summary>
    public ReadOnlySpan<int> Positions => rows.Positions;

    /// <summary>Rows whose logits are wanted, ascending.</summary>
    public IReadOnlyList<int> Sampled => sampled;

    /// <summary>Starts a new step: forgets rows and gives back all tensors.</summary>
    public void Clear()
    {
        rows.Clear();
        rotations.Clear();
        runs.Clear();
        leases.Clear();
        foreach (ref var window in CollectionsMarshal.AsSpan(windows)) window.Filled = false;
        sampled.Clear();
        Compute.Reset();
    }

    /// <summary>Adds tokens of a sequence, the first at <paramref name="firstPosition"/>, with logits of the last or of all of them.</summary>
    /// <param name="lease">What the sequence holds of the cache: pages enough for all positions up to the last added one.</param>
    /// <param name="length">Tokens of the sequence so far, those of later steps included: some rotations depend on it. 0 takes the added ones.</param>
    /// <param name="generated"><see cref="Segment.Generated"/>.</param>
    /// <param name="addedTypes">See <see cref="Types"/>; all 0 where empty.</param>
    public void Add(ReadOnlySpan<int> added, int firstPosition, KvLease lease, LogitsOf logits, int length = 0, ReadOnlySpan<int> addedTypes = default, bool generated = false)
    {
        runs.Add((added.Length, Math.Max(length, firstPosition + added.Length)));
        leases.Add(lease);
        var first = rows.Rows;
        if (tokens.Length < first + added.Length)
        {
            Array.Resize(ref tokens, Math.Max(first + added.Length, tokens.Length * 2));
            Array.Resize(ref types, tokens.Length);
        }

        added.CopyTo(tokens.AsSpan(first));
        types.AsSpan(first, added.Length).Clear();
        addedTypes.CopyTo(types.AsSpan(first, added.Length));
        rows.Add(added.Length, firstPosition, CollectionsMarshal.AsSpan(lease.Pages), lease.Slot, generated);
        var wanted = logits switch { LogitsOf.None => 0, LogitsOf.Last => 1, _ => added.Length };
        for (var row = first + added.Length - wanted; row < rows.Rows; row++) sampled.Add(row);
    }

    /// <summary>Which rows belong to which sequence: what recurrent operations go by.</summary>
    public RaggedRows Rows => rows;

    /// <summary>
    /// Writes k and v, [tokens, kvHeads * keyDim] and [tokens, kvHeads * valueDim], to the pages of an entry of the cache, then
    /// attends: [tokens, heads * valueDim].
    /// </summary>
    /// <param name="choice">Positions that rows attend to; null for all that they may see.</param>
    public Tensor Attend(int entry, Tensor q, Tensor k, Tensor v, AttentionShape shape, AttentionOptions? options = null, KeyChoice? choice = null)
        => Attention.Forward(q, k, v, cache.Entry(entry), rows, shape, options, choice);

    /// <summary>Attends to what a layer before this one kept.</summary>
    public Tensor Attend(int entry, Tensor q, AttentionShape shape, AttentionOptions? options = null, KeyChoice? choice = null)
        => Attention.Attend(q, cache.Entry(entry), rows, shape, options, choice);

    /// <summary>
    /// What rows attend to by the scores of an indexer, whose keys the entry holds: q is [tokens, heads * keyDim], weights [tokens, heads], or
    /// null where each head chooses. Null where no row sees more than it may attend to.
    /// </summary>
    public KeyChoice? Choose(int entry, Tensor q, Tensor? weights, IndexerOptions options, KeyChoice choice)
        => ChooseKeys.Forward(q, weights, cache.Entry(entry), rows, options, choice);

    /// <summary>Writes k, [tokens, kvHeads * keyDim], to an entry whose values are in its keys, or that has none.</summary>
    public void Keep(int entry, Tensor k) => Attention.Keep(k, default, cache.Entry(entry), rows);

    /// <summary>The step as entries with a key for every window see it; <paramref name="number"/> is <see cref="KvShape.AddWindow"/>'s.</summary>
    public WindowRows Windows(int number)
    {
        while (windows.Count <= number) windows.Add((new WindowRows(windows.Count, cache.WindowLength(windows.Count)), false));
        ref var window = ref CollectionsMarshal.AsSpan(windows)[number];
        if (!window.Filled) window.Rows.Fill(rows, leases);
        window.Filled = true;
        return window.Rows;
    }

    /// <summary>Writes keys of the windows that end in this step, [windows, keyDim].</summary>
    public void KeepWindows(int entry, Tensor k, WindowRows of) => Attention.Keep(k, default, cache.Entry(entry), of.Ended);

    /// <summary>Writes k to the pages of positions, then attends to chosen windows and positions, as <see cref="WindowRows.Joined"/> has them.</summary>
    public Tensor AttendWindows(int entry, Tensor q, Tensor k, WindowRows of, AttentionShape shape, AttentionOptions options, KeyChoice choice)
        => Attention.Forward(q, k, default, cache.Entry(entry), of.Joined, shape, options, choice);

    /// <summary>The best of the windows that rows see; null where none sees more than it may attend to. Lists of rows that see none have no meaning.</summary>
    public KeyChoice? ChooseWindows(int entry, Tensor q, Tensor? weights, WindowRows of, IndexerOptions options, KeyChoice choice)
        => ChooseKeys.Forward(q, weights, cache.Entry(entry), of.Seen, options, choice);

    /// <summary>A recurrent state, of every sequence.</summary>
    public RecurrentState State(int state) => cache.State(state);

    /// <summary>The rows of x whose logits are wanted, [sampled, columns].</summary>
    public Tensor RowsToSample(Tensor x)
    {
        if (sampled.Count == x.Rows) return x;
        var y = Compute.Rent(sampled.Count, x.Columns);
        for (var i = 0; i < sampled.Count; i++) x.Row(sampled[i]).CopyTo(y.Row(i));
        return y;
    }

    /// <summary>Cosines and sines of the rows' positions, made at the first layer that asks.</summary>
    internal Tensor Rotations(RopeLayer rope)
    {
        foreach (var (known, values) in rotations)
            if (known == rope) return values;
        var made = Turns(rope);
        rotations.Add((rope, made));
        return made;
    }

    /// <summary>One call for sequences that turn alike, as nearly always; otherwise one for each.</summary>
    Tensor Turns(RopeLayer rope)
    {
        var variant = rope.Variant(runs[0].Length);
        var alike = true;
        foreach (var (_, length) in runs) alike &= rope.Variant(length) == variant;
        if (alike) return rope.Rotations(Compute, rows.Positions, runs[0].Length);
        var (all, first) = (default(Tensor?), 0);
        foreach (var (count, length) in runs)
        {
            var turns = rope.Rotations(Compute, rows.Positions.Slice(first, count), length);
            all ??= Compute.Rent(rows.Rows, turns.Columns);
            for (var row = 0; row < count; row++) turns.Row(row).CopyTo(all.Value.Row(first + row));
            first += count;
        }

        return all!.Value;
    }
}

/// <summary>Which of the added rows a caller wants logits of.</summary>
public enum LogitsOf
{
    None,
    Last,
    All,
}
