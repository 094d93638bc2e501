using System.Runtime.InteropServices;
using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Tests.Emit.Emulator;
using Iced.Intel;

namespace Homegrown.Kernels.Tests.Emit;

/// <summary>AMX kernels: decoded, interpreted on any machine, and run where the processor has bfloat16 tiles.</summary>
public sealed unsafe class AmxKernelTests
{
    const string NoAmx = "this processor has no AMX with bfloat16, or the system does not grant it";

    /// <summary>Tokens, blocks, rows, steps: full and partial tiles on each side, one tile and two, blocks after blocks.</summary>
    static readonly (int Tokens, int Blocks, int Rows, int Steps)[] Shapes =
    [
        (1, 1, 1, 1), (16, 1, 16, 2), (17, 1, 16, 1), (16, 1, 17, 1), (7, 1, 32, 2), (31, 1, 29, 3), (32, 1, 5, 2), (32, 2, 32, 2), (32, 3, 15, 1), (2, 1, 3, 14),
    ];

    public static TheoryData<int, int> Kernels => new() { { 1, 1 }, { 1, 2 }, { 2, 1 }, { 2, 2 } };

    static void Interpret(CodePage page, AmxCall call, IEnumerable<Stretch> reach)
    {
        using var machine = new Machine();
        for (var register = Register.RAX; register <= Register.R15; register++) machine[register] = 0xDEAD_BEEF_DEAD_BEEF;
        machine.Allow(&call, sizeof(AmxCall));
        foreach (var stretch in reach) machine.Allow((void*)stretch.Start, (nint)stretch.Bytes);
        machine.Run(page.Code, (nint)(&call));
        Assert.Equal(0, call.Blocks);
    }

    static void Execute(CodePage page, AmxCall call, IEnumerable<Stretch> reach) => ((delegate* unmanaged<AmxCall*, void>)page.Address)(&call);

    static void ForAllShapes(int awkward, Action<CodePage, AmxCall, IEnumerable<Stretch>> run)
    {
        foreach (var (tokens, blocks, rows, steps) in Shapes)
        {
            using var world = new AmxWorld(tokens, blocks, rows, steps, awkward);
            world.Multiply(run);
        }
    }

    [Theory, InlineData(0), InlineData(60), InlineData(3)]
    public void Interpreted_kernels_equal_the_twin_within_their_bounds(int awkward)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the interpreter calls as System V does");
        ForAllShapes(awkward, Interpret);
    }

    [Theory, InlineData(0), InlineData(60), InlineData(3)]
    public void Executed_kernels_equal_the_twin(int awkward)
    {
        Assert.SkipUnless(CpuFeatures.HasAmxBf16, NoAmx);
        ForAllShapes(awkward, Execute);
    }

    [Fact]
    public void Every_count_of_tokens_and_rows_is_a_kernel_of_its_own_shape()
    {
        Assert.SkipUnless(CpuFeatures.HasAmxBf16, NoAmx);
        for (var tokens = 1; tokens <= AmxCall.BlockTokens; tokens++)
        {
            for (var rows = 1; rows <= AmxCall.BlockRows; rows++)
            {
                using var world = new AmxWorld(tokens, 1, rows, 2, 0);
                world.Multiply(Execute);
            }
        }
    }

    [Fact]
    public void An_interpreted_kernel_that_is_denied_the_first_byte_of_an_operand_faults()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the interpreter calls as System V does");
        foreach (var denied in (int[])[0, 1, 2])   // the outputs, the token, the first pair of columns
        {
            using var world = new AmxWorld(1, 1, 2, 1, 0);
            var error = Assert.Throws<MachineException>(() => world.Multiply((page, call, reach) =>
                Interpret(page, call, reach.Select((stretch, i) => i == denied ? new(stretch.Start + 1, stretch.Bytes - 1) : stretch))));
            Assert.Contains("not allowed", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory, MemberData(nameof(Kernels))]
    public void The_bytes_are_a_product_of_tiles_and_nothing_else(int tokenTiles, int panels)
    {
        using var page = AmxEmitter.Emit(tokenTiles, panels);
        var (name, code) = ($"{tokenTiles} by {panels} tiles", CodeChecks.Decode(page));
        CodeChecks.AreOf(name, code, CpuidFeature.AMX_TILE, CpuidFeature.AMX_BF16);
        CodeChecks.LeaveAfter(name, code, Mnemonic.Tilerelease);
        CodeChecks.AddressByRegisters(name, code);
        CodeChecks.KeepTheStack(name, code);
        int Count(Mnemonic mnemonic) => code.Count(i => i.Mnemonic == mnemonic);
        Assert.Equal(tokenTiles * panels, Count(Mnemonic.Tdpbf16ps));
        Assert.Equal(tokenTiles * panels, Count(Mnemonic.Tilestored));
        Assert.Equal((tokenTiles * panels) + tokenTiles + panels, Count(Mnemonic.Tileloadd));
        Assert.Equal(Mnemonic.Ldtilecfg, code.First(i => i.Code.CpuidFeatures().Contains(CpuidFeature.AMX_TILE)).Mnemonic);
    }

    [Fact]
    public void Offsets_and_sizes_are_those_that_kernels_read_by()
    {
        static int At(string field) => (int)Marshal.OffsetOf<AmxCall>(field);
        Assert.Equal(
            [0, AmxCall.XAt, AmxCall.XTileBytesAt, AmxCall.PairsAt, AmxCall.PanelBytesAt, AmxCall.YAt, AmxCall.YBytesAt, AmxCall.StepsAt, AmxCall.BlocksAt],
            [At(nameof(AmxCall.Configuration)), At(nameof(AmxCall.X)), At(nameof(AmxCall.XTileBytes)), At(nameof(AmxCall.Pairs)), At(nameof(AmxCall.PanelBytes)),
                At(nameof(AmxCall.Y)), At(nameof(AmxCall.YBytes)), At(nameof(AmxCall.Steps)), At(nameof(AmxCall.Blocks))]);
        Assert.Equal(TileConfiguration.Size, sizeof(TileConfiguration));
    }

    [Fact]
    public void A_configuration_lies_as_the_processor_reads_it()
    {
        var call = default(AmxCall);
        call.Shape(tokens: 19, rows: 21);
        var bytes = new ReadOnlySpan<byte>(&call, TileConfiguration.Size).ToArray();
        Assert.Equal((1, 0), (bytes[0], bytes[1]));
        Assert.Equal([64, 20, 64, 20, 64, 64, 64, 20], Enumerable.Range(0, 8).Select(tile => (int)BitConverter.ToUInt16(bytes, 16 + (2 * tile))));
        Assert.Equal([16, 16, 3, 3, 16, 3, 16, 16], bytes[48..56].Select(rows => (int)rows));
        Assert.All([.. bytes[2..16], .. bytes[32..48], .. bytes[56..]], reserved => Assert.Equal(0, reserved));
        Assert.Equal((19, 21), (call.Tokens, call.Rows));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TileConfiguration().Shape(0, 17, 64));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TileConfiguration().Shape(8, 1, 64));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TileConfiguration().Shape(0, 1, 65));
    }
}
