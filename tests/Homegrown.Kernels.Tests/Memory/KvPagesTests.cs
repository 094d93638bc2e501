using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Tests.Memory;

public sealed class KvPagesTests
{
    [Theory]
    [InlineData(KvType.F16, 64, 128)]
    [InlineData(KvType.F32, 64, 256)]
    [InlineData(KvType.Q8_0, 64, 68)]
    [InlineData(KvType.Q4_0, 64, 36)]
    [InlineData(KvType.F16, 80, 192)]   // whole squares of 32
    public void Bytes_are_those_of_keys_and_values(KvType type, int headDim, int bytes)
    {
        using var pages = new KvPages(5, 3, headDim, type);
        Assert.Equal(2 * 5 * KvPages.PageSize * 3 * bytes, pages.Bytes);
        Assert.Equal(2 * 3 * bytes, pages.Entry.BytesPerPosition(type));
    }

    [Theory]
    [InlineData(KvType.F16)]
    [InlineData(KvType.Q4_0)]
    public unsafe void A_copied_page_reads_the_same_and_its_neighbours_are_untouched(KvType type)
    {
        var random = new Random(1);
        var numbers = stackalloc float[72];
        for (var i = 0; i < 72; i++) numbers[i] = random.NextSingle() + 0.1f;
        foreach (var entry in (KvEntry[])[new(2, 40, 24), KvEntry.Latent(72, 64), new(1, 32, 0)])
        {
            using var pages = new KvPages(3, entry, type);
            foreach (var head in Enumerable.Range(0, entry.KvHeads)) pages.Write(0, head, 33, numbers, numbers);
            pages.Copy(0, 1);
            for (var head = 0; head < entry.KvHeads; head++)
            {
                Assert.NotEqual(0, pages.Key(1, head, 33, entry.KeyDim - 1));
                for (var d = 0; d < entry.KeyDim; d++) Assert.Equal((pages.Key(0, head, 33, d), 0f), (pages.Key(1, head, 33, d), pages.Key(2, head, 33, d)));
                for (var d = 0; d < entry.ValueDim; d++) Assert.Equal((pages.Value(0, head, 33, d), 0f), (pages.Value(1, head, 33, d), pages.Value(2, head, 33, d)));
            }
        }
    }

    [Fact]
    public void Values_in_keys_take_no_bytes_of_their_own()
    {
        using var pages = new KvPages(5, KvEntry.Latent(576, 512), KvType.F16);
        Assert.Equal(576 * 2, pages.Entry.BytesPerPosition(KvType.F16));
        Assert.Equal(5 * KvPages.PageSize * 576 * 2, pages.Bytes);
    }

    [Theory]
    [InlineData(KvType.F32, 0)]
    [InlineData(KvType.F16, 0.0005)]
    [InlineData(KvType.Q8_0, 0.005)]
    [InlineData(KvType.Q4_0, 0.13)]
    public unsafe void What_is_written_is_read_and_nothing_else_changes(KvType type, double tolerance)
    {
        using var pages = new KvPages(2, 2, 40, type);
        var (key, value) = (Numbers(1), Numbers(2));
        fixed (float* k = key, v = value)
        {
            pages.Write(1, 0, 33, k, v);
            pages.Write(1, 0, 63, v, k);
        }

        for (var d = 0; d < 40; d++)
        {
            Assert.Equal(key[d], pages.Key(1, 0, 33, d), tolerance);
            Assert.Equal(value[d], pages.Value(1, 0, 33, d), tolerance);
            Assert.Equal(value[d], pages.Key(1, 0, 63, d), tolerance);
            Assert.Equal(key[d], pages.Value(1, 0, 63, d), tolerance);
            foreach (var (page, head, place) in ((int, int, int)[])[(0, 0, 33), (1, 1, 33), (1, 0, 32), (1, 0, 1), (1, 0, 62)])
                Assert.Equal((0f, 0f), (pages.Key(page, head, place, d), pages.Value(page, head, place, d)));
        }

        static float[] Numbers(int seed)
        {
            var random = new Random(seed);
            return [.. Enumerable.Range(0, 40).Select(_ => (random.NextSingle() * 2) - 1)];
        }
    }

    [Fact]
    public void Sizes_that_are_not_positive_are_named()
        => Assert.Equal("KvHeads", Assert.Throws<ArgumentOutOfRangeException>(() => new KvPages(5, 0, 64, KvType.F16)).ParamName);

    [Fact]
    public void Sizes_beyond_64_bits_throw_before_anything_is_allocated()
        => Assert.Throws<OverflowException>(() => new KvPages(int.MaxValue, int.MaxValue, 2, KvType.F32));
}
