namespace Homegrown.Engine.Sampling;

/// <summary>The last tokens of a sequence: a ring that allocates no more once it is full.</summary>
public sealed class TokenHistory
{
    const int FirstLength = 64;

    readonly int capacity;
    int[] ring;
    int next; // where the next token goes

    /// <summary>An empty history.</summary>
    /// <param name="capacity">How many tokens it remembers: 0 for none, <see cref="int.MaxValue"/> for all.</param>
    public TokenHistory(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        this.capacity = capacity;
        ring = new int[Math.Min(capacity, FirstLength)];
    }

    /// <summary>How many tokens it holds.</summary>
    public int Count { get; private set; }

    /// <summary>The token that many places before the newest, which is [0].</summary>
    public int this[int back]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)back, (uint)Count);
            var at = next - 1 - back;
            return ring[at < 0 ? at + ring.Length : at];
        }
    }

    /// <summary>Adds the newest token and gives the one that it pushed out, or -1.</summary>
    public int Add(int token)
    {
        if (capacity == 0) return token;
        if (Count == ring.Length && Count < capacity) Grow();
        var forgotten = Count == ring.Length ? ring[next] : -1;
        ring[next] = token;
        next = next + 1 == ring.Length ? 0 : next + 1;
        Count = Math.Min(Count + 1, ring.Length);
        return forgotten;
    }

    // Nothing was pushed out yet, so the oldest token is at the start of the array.
    void Grow()
    {
        next = ring.Length;
        Array.Resize(ref ring, (int)Math.Min(capacity, 2L * ring.Length));
    }
}
