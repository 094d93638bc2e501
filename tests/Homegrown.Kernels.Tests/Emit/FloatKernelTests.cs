using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Tests.Emit.Emulator;
using Iced.Intel;

namespace Homegrown.Kernels.Tests.Emit;

/// <summary>Products of floats: every kernel decoded, interpreted on any machine, and run where it can be.</summary>
public sealed unsafe class FloatKernelTests
{
    static readonly int[] Steps = [1, 2, 3, 7, 18];

    /// <summary>By name: the kinds are internal.</summary>
    public static TheoryData<string> Kinds => [.. Enum.GetNames<FloatProductKind>()];

    static FloatProductKind Kind(string name) => Enum.Parse<FloatProductKind>(name);

    static void Interpret(CodePage page, ProductCall call, IEnumerable<Stretch> reach)
    {
        using var machine = new Machine();
        foreach (var vector in machine.Zmm) vector.Of<byte>().Fill(0xFF);
        for (var register = Register.RAX; register <= Register.R15; register++) machine[register] = 0xDEAD_BEEF_DEAD_BEEF;
        machine.Allow(&call, sizeof(ProductCall));
        foreach (var stretch in reach) machine.Allow((void*)stretch.Start, (nint)stretch.Bytes);
        machine.Run(page.Code, (nint)(&call));
    }

    static void Execute(CodePage page, ProductCall call, IEnumerable<Stretch> reach) => ((delegate* unmanaged<ProductCall*, void>)page.Address)(&call);

    static bool Runs(FloatProductKind kind) => kind == FloatProductKind.BrainFloatPairs ? CpuFeatures.HasAvx512BrainFloats : Avx512BW.IsSupported;

    static void ForAll(Action<int, int> kernel)
    {
        foreach (var rows in (int[])[1, FloatEmitter.MaxRows])
            for (var tokens = 1; tokens <= PartEmitter.MaxTokens; tokens++) kernel(rows, tokens);
    }

    static void Multiply(FloatProductKind kind, int steps, RunKernel run) => ForAll((rows, tokens) =>
    {
        foreach (var awkward in (int[])[0, 200, 6])
        {
            using var world = new FloatWorld(kind, rows, tokens, steps, awkward);
            world.Multiply(run);
        }
    });

    [Theory, MemberData(nameof(Kinds))]
    public void Interpreted_kernels_equal_the_sums_written_out_within_their_bounds(string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the interpreter calls as System V does");
        foreach (var steps in Steps) Multiply(Kind(name), steps, Interpret);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Executed_kernels_equal_the_sums_written_out_of_every_length(string name)
    {
        Assert.SkipUnless(Runs(Kind(name)), $"this processor does not have the instructions of {name}");
        for (var steps = 1; steps <= 40; steps++) Multiply(Kind(name), steps, Execute);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void An_interpreted_kernel_that_is_denied_the_first_byte_of_an_operand_faults(string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the interpreter calls as System V does");
        for (var denied = 0; denied < 4; denied++)   // both groups' row, the token, its output
        {
            using var world = new FloatWorld(Kind(name), 1, 1, 1, 0);
            var error = Assert.Throws<MachineException>(() => world.Multiply((page, call, reach) =>
                Interpret(page, call, reach.Select((stretch, i) => i == denied ? new(stretch.Start + 1, stretch.Bytes - 1) : stretch))));
            Assert.Contains("not allowed", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void The_bytes_are_what_was_meant_and_nothing_else(string kindName) => ForAll((rows, tokens) =>
    {
        var kind = Kind(kindName);
        using var page = FloatEmitter.Emit(kind, rows, tokens, prefetchBytes: 2048);
        var (name, code) = ($"{kind}, {rows} rows, {tokens} tokens", CodeChecks.Decode(page));
        CpuidFeature[] features = [CpuidFeature.AVX512F, CpuidFeature.AVX512BW, CpuidFeature.AVX512VL, CpuidFeature.AVX512DQ, CpuidFeature.AVX];
        CodeChecks.AreOf(name, code, kind == FloatProductKind.BrainFloatPairs ? [.. features, CpuidFeature.AVX512_BF16] : features);
        CodeChecks.LeaveAfter(name, code, Mnemonic.Vzeroupper);
        CodeChecks.AddressByRegisters(name, code);
        CodeChecks.KeepTheStack(name, code);
        var product = kind == FloatProductKind.BrainFloatPairs ? Mnemonic.Vdpbf16ps : Mnemonic.Vfmadd231ps;
        Assert.Equal(rows * tokens * (kind == FloatProductKind.BrainFloatPairs ? 1 : 2), code.Count(i => i.Mnemonic == product));
        Assert.Equal(kind == FloatProductKind.Singles ? 2 : 1, code.Count(i => i.Mnemonic == Mnemonic.Prefetcht0));
    });

    [Fact]
    public void Kernels_of_other_shapes_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => FloatEmitter.Emit(FloatProductKind.Singles, 2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => FloatEmitter.Emit(FloatProductKind.Singles, 1, PartEmitter.MaxTokens + 1));
    }
}
