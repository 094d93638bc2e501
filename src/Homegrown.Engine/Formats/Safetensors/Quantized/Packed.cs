namespace Homegrown.Engine.Formats.Safetensors.Quantized;

/// <summary>Codes of a power of two of bits in 32-bit words, the lowest bits first.</summary>
static class Packed
{
    /// <summary>Code <paramref name="i"/> of a word.</summary>
    internal static int Code(int word, int i, int bits) => (word >>> (i * bits)) & ((1 << bits) - 1);

    /// <summary>Bits of a code, from how many words hold <paramref name="codes"/> of them.</summary>
    internal static int Bits(Part words, long count, long codes)
    {
        var bits = codes == 0 ? 0 : 32 * count / codes;
        return bits is 2 or 4 or 8 && bits * codes <= 32 * count
            ? (int)bits
            : throw words.Error($"{count} words for {codes} codes: this build reads codes of 2, 4 and 8 bits");
    }

    /// <summary>The group of each column, where groups are runs of the same length.</summary>
    internal static int[] Runs(Part scales, int columns, int groups)
    {
        if (groups == 0 || columns % groups != 0) throw scales.Error($"{groups} groups do not share {columns} columns evenly");
        var run = columns / groups;
        return [.. Enumerable.Range(0, columns).Select(c => c / run)];
    }

    /// <summary>The group of each column as a file gives it.</summary>
    internal static int[] Given(Part order, int columns, int groups)
    {
        order.Require(columns);
        var given = order.Words().ToArray();
        return Array.TrueForAll(given, group => (uint)group < (uint)groups) ? given : throw order.Error($"names a group outside of 0 to {groups - 1}");
    }
}
