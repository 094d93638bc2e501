namespace Homegrown.Kernels.Memory;

/// <summary>
/// Recurrent states of sequences, float32: a slot for each sequence, all layers' states side by side, so that a snapshot is one copy.
/// Memory is touched when a slot is first used.
/// </summary>
public sealed unsafe class StateSlots : IDisposable
{
    readonly NativeBuffer data;

    /// <param name="floats">Numbers of a slot.</param>
    /// <exception cref="OverflowException">The product is beyond 64 bits.</exception>
    public StateSlots(int slots, long floats)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slots);
        ArgumentOutOfRangeException.ThrowIfNegative(floats);
        (Slots, Floats) = (slots, floats);
        data = new NativeBuffer(checked(slots * floats * sizeof(float)));
    }

    public int Slots { get; }

    public long Floats { get; }

    public long Bytes => data.Bytes;

    /// <summary>A sequence begins: its states are zero.</summary>
    public void Clear(int slot) => System.Runtime.InteropServices.NativeMemory.Clear(At(slot), (nuint)Floats * sizeof(float));

    /// <summary>Copies a slot to a snapshot of this size.</summary>
    public void Save(int slot, StateSnapshot snapshot) => Copy(At(slot), Data(snapshot));

    /// <summary>Copies a snapshot of this size to a slot.</summary>
    public void Restore(int slot, StateSnapshot snapshot) => Copy(Data(snapshot), At(slot));

    /// <summary>Where the state at an offset of a slot is.</summary>
    internal float* At(int slot, long offset = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)Slots, nameof(slot));
        return (float*)data.Data + (slot * Floats) + offset;
    }

    public void Dispose() => data.Dispose();

    void Copy(float* from, float* to) => Buffer.MemoryCopy(from, to, Floats * sizeof(float), Floats * sizeof(float));

    float* Data(StateSnapshot snapshot)
    {
        if (snapshot.Floats != Floats) throw new ArgumentException($"A snapshot of {snapshot.Floats} numbers is none of states of {Floats}.", nameof(snapshot));
        return snapshot.Data;
    }
}

/// <summary>A sequence's recurrent states as they were: for a prefix that is read once, or to undo guessed tokens.</summary>
public sealed unsafe class StateSnapshot(long floats) : IDisposable
{
    readonly NativeBuffer data = new(checked(floats * sizeof(float)));

    public long Floats => floats;

    public long Bytes => data.Bytes;

    internal float* Data => (float*)data.Data;

    public void Dispose() => data.Dispose();
}

/// <summary>One layer's state in every slot: <paramref name="Floats"/> numbers from <paramref name="Offset"/> on.</summary>
public readonly record struct RecurrentState(StateSlots Slots, long Offset, int Floats)
{
    internal unsafe float* At(int slot) => Slots.At(slot, Offset);
}
