using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Cache;

/// <summary>
/// What a model keeps of its sequences, added layer by layer: entries, which hold something of every position, and recurrent
/// states, which hold a sequence whatever its length. A layer remembers the number that it was given, and may lend it to others.
/// </summary>
public sealed class KvShape
{
    readonly List<KvEntry> entries = [];
    readonly List<(long Offset, int Floats)> states = [];
    readonly List<int> windows = [];

    public KvShape()
    {
    }

    /// <summary>Layers that all keep keys and values of the same heads: entry numbers are layer numbers.</summary>
    public KvShape(int layers, int kvHeads, int headDim)
    {
        for (var layer = 0; layer < layers; layer++) Add(new KvEntry(kvHeads, headDim, headDim));
    }

    /// <summary>Layers that each keep keys and values of their own heads: entry numbers are layer numbers.</summary>
    public KvShape(IEnumerable<AttentionShape> layers)
    {
        foreach (var heads in layers) Add(new KvEntry(heads.KvHeads, heads.KeyDim, heads.ValueDim));
    }

    public IReadOnlyList<KvEntry> Entries => entries;

    /// <summary>
    /// So many positions, for each of which some entries keep one more key, in pages of their own: a sequence has a list of pages for each
    /// of these lengths, in which window w is at position w.
    /// </summary>
    public IReadOnlyList<int> Windows => windows;

    /// <summary>Numbers of all recurrent states of a sequence.</summary>
    public long StateFloats { get; private set; }

    /// <summary>Bytes that a sequence takes beside its positions.</summary>
    public long BytesPerSequence => StateFloats * sizeof(float);

    /// <summary>Adds what a layer keeps of each position; its number.</summary>
    public int Add(KvEntry entry)
    {
        entries.Add(entry);
        return entries.Count - 1;
    }

    /// <summary>Entries may keep a key for every window of so many positions; the window's number.</summary>
    public int AddWindow(int positions)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(positions);
        if (!windows.Contains(positions)) windows.Add(positions);
        return windows.IndexOf(positions);
    }

    /// <summary>Adds a recurrent state of so many float32; its number. It is zero when a sequence begins.</summary>
    public int AddState(int floats)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(floats);
        states.Add((StateFloats, floats));
        StateFloats += floats;
        return states.Count - 1;
    }

    /// <summary>Bytes that one position takes in all entries, with its share of the pages of windows.</summary>
    public long BytesPerPosition(KvType type)
    {
        var bytes = entries.Sum(entry => entry.BytesPerPosition(type));
        return bytes + windows.Sum(window => (bytes + window - 1) / window);
    }

    /// <summary>Pages for so many positions of all sequences together, and for their windows.</summary>
    internal int PagesFor(int positions, int sequences)
        => KvCache.PagesFor(positions) + windows.Sum(window => KvCache.PagesFor(positions / window) + sequences);

    /// <summary>Bytes of a <see cref="KvCache"/> of these sizes: whole pages, and a slot of states for each sequence.</summary>
    /// <param name="positions">Of all sequences together.</param>
    public long Bytes(int positions, KvType type, int sequences = 1)
        => (PagesFor(positions, sequences) * (long)KvCache.PageSize * entries.Sum(entry => entry.BytesPerPosition(type))) + (sequences * BytesPerSequence);

    /// <summary>The positions that fit into so many bytes beside the states of so many sequences.</summary>
    public long PositionsIn(long bytes, KvType type, int sequences)
    {
        var each = BytesPerPosition(type);
        return each == 0 ? long.MaxValue : Math.Max(0, bytes - (sequences * BytesPerSequence)) / each;
    }

    internal RecurrentState State(int state, StateSlots slots) => new(slots, states[state].Offset, states[state].Floats);
}
