using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>How the numbers of a panel are stored.</summary>
unsafe interface IStored
{
    /// <summary>Row k of a panel: columns lane.. and 16 + lane.., times <see cref="KvPanels.Unit"/>.</summary>
    static abstract void Load<TLanes>(void* panel, nint k, nint lane, out TLanes x, out TLanes y)
        where TLanes : struct, ILanes<TLanes>;

    /// <summary>Brings row k of a panel to the second cache; the processor itself brings it to the first.</summary>
    static abstract void Fetch(void* panel, nint k);
}

readonly unsafe struct StoredFloats : IStored
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TLanes>(void* panel, nint k, nint lane, out TLanes x, out TLanes y)
        where TLanes : struct, ILanes<TLanes>
    {
        var row = (float*)panel + (k * KvPanels.Side) + lane;
        (x, y) = (TLanes.Load(row), TLanes.Load(row + (KvPanels.Side / 2)));
    }

    public static void Fetch(void* panel, nint k)
    {
    }
}

readonly unsafe struct StoredHalves : IStored
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TLanes>(void* panel, nint k, nint lane, out TLanes x, out TLanes y)
        where TLanes : struct, ILanes<TLanes>
        => TLanes.LoadHalves((Half*)panel + (k * KvPanels.Side) + (2 * lane), out x, out y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(void* panel, nint k)
    {
        if (Sse.IsSupported) Sse.Prefetch1((Half*)panel + (k * KvPanels.Side));
    }
}
