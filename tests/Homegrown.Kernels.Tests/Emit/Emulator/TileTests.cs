using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Homegrown.Kernels.Tests.Emit.Emulator;

/// <summary>AMX as documented: a product of tiles is the sum written out, and what a processor faults on is an error.</summary>
public sealed unsafe class TileTests
{
    const int M = 3, N = 5, K = 4;   // groups of 4 bytes along N and K

    static byte[] Configuration(int depth = K)
    {
        var bytes = new byte[64];
        bytes[0] = 1;
        (int Columns, int Rows)[] shapes = [(4 * N, M), (4 * K, M), (4 * N, depth)];
        for (var i = 0; i < 3; i++) (bytes[16 + (2 * i)], bytes[48 + i]) = ((byte)shapes[i].Columns, (byte)shapes[i].Rows);
        return bytes;
    }

    static int[] Run(byte[] configuration, Action<Assembler> product, byte[] a, byte[] b)
    {
        var sum = new int[M * N];
        var code = CodeBytes.Of(c =>
        {
            c.ldtilecfg(__[rdi]);
            c.mov(eax, 4 * K);
            c.mov(r8d, 4 * N);
            c.tilezero(tmm0);
            c.tileloadd(tmm1, __[rsi + (rax * 1)]);
            c.tileloadd(tmm2, __[rdx + (r8 * 1)]);
            product(c);
            c.tilestored(__[rcx + (r8 * 1)], tmm0);
            c.tilerelease();
            c.ret();
        });
        fixed (byte* configured = configuration, first = a, second = b)
        fixed (int* result = sum)
        {
            using var machine = new Machine();
            machine.Allow(configured, 64);
            machine.Allow(first, a.Length);
            machine.Allow(second, b.Length);
            machine.Allow(result, sum.Length * 4);
            machine.Run(code, (nint)configured, (nint)first, (nint)second, (nint)result);
        }

        return sum;
    }

    static (byte[] A, byte[] B) Noise()
    {
        var (random, a, b) = (new Random(7), new byte[M * K * 4], new byte[K * N * 4]);
        random.NextBytes(a);
        random.NextBytes(b);
        return (a, b);
    }

    /// <summary>The first letter behind "tdpb" is of the first source, the second of the second: signed or unsigned (Intel SDM volume 2).</summary>
    [Theory, InlineData("ss"), InlineData("su"), InlineData("us"), InlineData("uu")]
    public void A_product_of_signed_and_unsigned_bytes_is_the_sum_over_k(string signs)
    {
        var (a, b) = Noise();
        var sums = Run(Configuration(), c => Bytes(c, signs), a, b);
        for (var m = 0; m < M; m++)
        {
            for (var n = 0; n < N; n++)
            {
                var expected = 0;
                for (var k = 0; k < 4 * K; k++) expected += Value(signs[0], a[(m * 4 * K) + k]) * Value(signs[1], b[(k / 4 * 4 * N) + (4 * n) + (k % 4)]);
                Assert.Equal(expected, sums[(m * N) + n]);
            }
        }

        static int Value(char sign, byte bits) => sign == 's' ? (sbyte)bits : bits;
    }

    static void Bytes(Assembler c, string signs)
    {
        if (signs == "ss") c.tdpbssd(tmm0, tmm1, tmm2);
        else if (signs == "su") c.tdpbsud(tmm0, tmm1, tmm2);
        else if (signs == "us") c.tdpbusd(tmm0, tmm1, tmm2);
        else c.tdpbuud(tmm0, tmm1, tmm2);
    }

    [Fact]
    public void A_product_of_bfloats_sums_even_and_odd_columns_apart_and_then_onto_the_destination()
    {
        var (a, b) = (new byte[M * K * 4], new byte[K * N * 4]);
        static byte[] Brain(float value) => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
        // 2^24 in an even column swallows the 1 of the next even column, but not that of an odd one, which meets -2^24 of another odd one.
        float[] row = [16777216, 1, 1, -16777216];
        for (var k = 0; k < 4; k++)
        {
            Brain(row[k]).CopyTo(a, 2 * k);
            Brain(1).CopyTo(b, (k / 2 * 4 * N) + (2 * (k % 2)));
        }

        // Even: 2^24 + 1 = 2^24. Odd: 1 - 2^24 = -(2^24 - 1). Together 1; in order of the columns it would be 0.
        Assert.Equal(1f, BitConverter.Int32BitsToSingle(Run(Configuration(), c => c.tdpbf16ps(tmm0, tmm1, tmm2), a, b)[0]));
    }

    [Fact]
    public void Tilezero_clears_and_a_load_leaves_nothing_of_what_was_before()
    {
        var (a, b) = Noise();
        Assert.All(Run(Configuration(), c => { c.tdpbssd(tmm0, tmm1, tmm2); c.tilezero(tmm0); }, a, b), sum => Assert.Equal(0, sum));
        Assert.Equal(
            Run(Configuration(), c => c.tdpbssd(tmm0, tmm1, tmm2), a, b),
            Run(Configuration(), c => { c.tdpbssd(tmm0, tmm1, tmm2); c.tilezero(tmm1); c.tilezero(tmm0); c.tileloadd(tmm1, __[rsi + (rax * 1)]); c.tdpbssd(tmm0, tmm1, tmm2); }, a, b));
    }

    [Fact]
    public void Configuring_again_clears_the_tiles()
    {
        var (a, b) = Noise();
        Assert.All(Run(Configuration(), c => { c.tdpbssd(tmm0, tmm1, tmm2); c.ldtilecfg(__[rdi]); }, a, b), sum => Assert.Equal(0, sum));
    }

    [Theory]
    [InlineData(0, 2, "palette 2")]
    [InlineData(2, 1, "reserved")]
    [InlineData(32, 1, "reserved")]   // the ninth tile
    [InlineData(56, 1, "reserved")]
    [InlineData(16, 68, "of 68 bytes")]
    [InlineData(48, 17, "17 rows")]
    [InlineData(48, 0, "0 rows")]     // of 20 bytes
    public void A_configuration_that_the_processor_refuses_is_an_error(int at, byte value, string message)
    {
        var (a, b) = Noise();
        var configuration = Configuration();
        configuration[at] = value;
        var error = Assert.Throws<MachineException>(() => Run(configuration, c => c.tdpbssd(tmm0, tmm1, tmm2), a, b));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tile_without_a_shape_a_released_one_and_one_named_twice_are_errors()
    {
        var (a, b) = Noise();
        string Fails(Action<Assembler> use) => Assert.Throws<MachineException>(() => Run(Configuration(), use, a, b)).Message;
        Assert.Contains("tile 3 is not configured", Fails(c => c.tilezero(tmm3)), StringComparison.Ordinal);
        Assert.Contains("tiles are not configured", Fails(c => c.tilerelease()), StringComparison.Ordinal);
        Assert.Contains("are no instruction", Fails(c => c.tdpbssd(tmm0, tmm1, tmm1)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_denormal_product_of_bfloats_is_flushed()
    {
        var (a, b) = (new byte[M * K * 4], new byte[K * N * 4]);
        // 2^-100 x 2^-40 is below the least normal; 1 x 3 in another column is kept.
        BitConverter.GetBytes((ushort)0x0D80).CopyTo(a, 0);
        BitConverter.GetBytes((ushort)0x2B80).CopyTo(b, 0);
        BitConverter.GetBytes((ushort)0x3F80).CopyTo(a, 2);
        BitConverter.GetBytes((ushort)0x4040).CopyTo(b, 6);
        var sums = Run(Configuration(), c => c.tdpbf16ps(tmm0, tmm1, tmm2), a, b);
        Assert.Equal((0, 3f), (sums[0], BitConverter.Int32BitsToSingle(sums[1])));
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_an_error()
    {
        var (a, b) = Noise();
        var error = Assert.Throws<MachineException>(() => Run(Configuration(depth: 3), c => c.tdpbssd(tmm0, tmm1, tmm2), a, b));
        Assert.Contains("tdpbssd", error.Message, StringComparison.Ordinal);
        Assert.Contains("shapes do not fit", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_read_beyond_the_allowed_memory_is_an_error()
    {
        var (a, b) = Noise();
        var error = Assert.Throws<MachineException>(() => Run(Configuration(), c => c.tdpbssd(tmm0, tmm1, tmm2), a, b[..^1]));
        Assert.Contains("not allowed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tiles_that_are_not_released_are_an_error()
    {
        var (a, b) = Noise();
        var error = Assert.Throws<MachineException>(() => Run(Configuration(), c => { c.ret(); }, a, b));
        Assert.Contains("no tilerelease", error.Message, StringComparison.Ordinal);
    }
}
