using System.Runtime.InteropServices;
using Homegrown.Engine.Layers;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Tests.Layers;

/// <summary>Hashed embeddings of the last tokens: which rows are looked up.</summary>
public sealed class NGramHashTests : IDisposable
{
    const int End = 2;

    static readonly long[] Multipliers = [101, 1003, 10007], Sizes = [5, 7, 11, 13], Offsets = [0, 5, 12, 23];

    readonly WeightBuffer first = Rows(0, 20), second = Rows(20, 16);

    public void Dispose()
    {
        first.Dispose();
        second.Dispose();
    }

    [Fact]
    public void Each_head_takes_the_row_of_its_hash_from_whatever_part_has_it()
    {
        var (two, three) = ((9 * 101) ^ (4 * 1003), (9 * 101) ^ (4 * 1003) ^ (7 * 10007));
        Assert.Equal([two % 5, (two % 7) + 5, (three % 11) + 12, (three % 13) + 23], Look(9, 4, 7));
    }

    [Fact]
    public void An_end_of_text_hides_what_was_before_it_and_stands_for_what_is_not_there()
    {
        Assert.Equal(Look(9, End, End), Look(9, End, 7));
        Assert.Equal(Look(9, 4, End), Look(9, 4, -1));
        Assert.Equal(Look(9, End, End), Look(9, -1, -1));
        Assert.NotEqual(Look(9, 4, End), Look(9, 4, 7));
    }

    /// <summary>Rows hold their own numbers.</summary>
    long[] Look(params int[] history)
    {
        var hash = new NGramHash([first.Weight, second.Weight], Multipliers, Sizes, Offsets, End);
        var found = new float[hash.Width];
        hash.Look(history, found);
        return [.. found.Select(value => (long)value)];
    }

    static WeightBuffer Rows(int from, int count)
    {
        var buffer = new WeightBuffer(TensorType.F32, count, 1);
        for (var row = 0; row < count; row++) MemoryMarshal.Cast<byte, float>(buffer.Row(row))[0] = from + row;
        return buffer;
    }
}
