using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Tests.Memory;

public sealed class KvPagesTests
{
    [Theory]
    [InlineData(KvType.F16, 2)]
    [InlineData(KvType.F32, 4)]
    public void Bytes_are_those_of_keys_and_values(KvType type, int valueBytes)
    {
        using var pages = new KvPages(5, 16, 3, 64, type);
        Assert.Equal(2 * 5 * 16 * 3 * 64 * valueBytes, pages.Bytes);
    }

    [Fact]
    public void Sizes_that_are_not_positive_are_named()
        => Assert.Equal("kvHeads", Assert.Throws<ArgumentOutOfRangeException>(() => new KvPages(5, 16, 0, 64, KvType.F16)).ParamName);

    [Fact]
    public void Sizes_beyond_64_bits_throw_before_anything_is_allocated()
        => Assert.Throws<OverflowException>(() => new KvPages(int.MaxValue, int.MaxValue, int.MaxValue, 2, KvType.F32));
}
