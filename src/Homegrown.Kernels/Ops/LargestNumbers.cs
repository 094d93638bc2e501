namespace Homegrown.Kernels.Ops;

/// <summary>The largest of many numbers by their bits, a digit at a time (radix selection): every number is looked at four times, however many are wanted.</summary>
static unsafe class LargestNumbers
{
    const int DigitBits = 11;

    /// <summary>Indices of the <paramref name="count"/> largest, or of all, ascending; of equals the first. A NaN is larger than any number.</summary>
    /// <param name="values">[n]; undefined afterwards.</param>
    public static void Find(float* values, int n, int count, int* indices)
    {
        if (count >= n)
        {
            for (var i = 0; i < n; i++) indices[i] = i;
            return;
        }

        var keys = (uint*)values;
        for (var i = 0; i < n; i++) keys[i] = Key(values[i]);

        // The smallest key that is wanted, and how many of those that equal it.
        var (smallest, known, wanted) = (0u, 0u, count);
        var tally = stackalloc int[1 << DigitBits];
        for (var shift = 32 - DigitBits; ; shift = Math.Max(0, shift - DigitBits))
        {
            new Span<int>(tally, 1 << DigitBits).Clear();
            for (var i = 0; i < n; i++)
                if ((keys[i] & known) == smallest) tally[(keys[i] & ~known) >> shift]++;
            var digit = (1u << DigitBits) - 1;
            while (tally[digit] < wanted) wanted -= tally[digit--];
            smallest |= digit << shift;
            if (shift == 0) break;
            known = ~0u << shift;
        }

        for (var i = 0; i < n; i++)
            if (keys[i] > smallest || (keys[i] == smallest && wanted-- > 0)) *indices++ = i;
    }

    /// <summary>Larger for larger numbers; both zeros alike.</summary>
    static uint Key(float value)
    {
        if (float.IsNaN(value)) return uint.MaxValue;
        var bits = BitConverter.SingleToUInt32Bits(value + 0f);
        return (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;
    }
}
