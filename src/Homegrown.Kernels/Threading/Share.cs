using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Homegrown.Kernels.Threading;

/// <summary>
/// One thread's share of a dispatch: the parts that nobody has taken yet, from <c>first</c> in the low half of a word to before <c>end</c>
/// in the high half. On cache lines of its own (two: processors fetch them in pairs), since others seldom look.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
struct Share
{
    [FieldOffset(128)]
    long parts;

    /// <summary>What the thread is expected to read in the next dispatch.</summary>
    [FieldOffset(136)]
    public Ahead Ahead;

    public void Publish(int first, int end) => Volatile.Write(ref parts, Pack(first, end));

    /// <summary>For the owner, in order.</summary>
    public bool TryTakeFirst(out int part)
    {
        for (long now; First(now = Volatile.Read(ref parts)) < End(now);)
        {
            part = First(now);
            if (Interlocked.CompareExchange(ref parts, Pack(part + 1, End(now)), now) == now) return true;
        }

        part = -1;
        return false;
    }

    /// <summary>For others, from the far end.</summary>
    public bool TryTakeLast(out int part)
    {
        for (long now; First(now = Volatile.Read(ref parts)) < End(now);)
        {
            part = End(now) - 1;
            if (Interlocked.CompareExchange(ref parts, Pack(First(now), part), now) == now) return true;
        }

        part = -1;
        return false;
    }

    static int First(long parts) => (int)parts;

    static int End(long parts) => (int)(parts >> 32);

    static long Pack(int first, int end) => ((long)end << 32) | (uint)first;
}

/// <summary>Memory that will probably be read next. It is never read here, so that a stale address does no harm.</summary>
unsafe struct Ahead(byte* first, int bytes)
{
    const int CacheLine = 64;

    byte* first = first;
    int bytes = bytes;

    /// <summary>Fetches a line into the second cache level (the first has too few miss buffers); false when all are fetched.</summary>
    public bool Fetch()
    {
        if (bytes <= 0 || !Sse.IsSupported) return false;
        Sse.Prefetch1(first);
        first += CacheLine;
        bytes -= CacheLine;
        return true;
    }
}
