using System.Runtime.InteropServices;
using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Tests.Emit.Emulator;
using Iced.Intel;

namespace Homegrown.Kernels.Tests.Emit;

/// <summary>Products of 16-bit integers: every kernel decoded, interpreted on any machine, and run where it can be.</summary>
public sealed unsafe class WordKernelTests
{
    /// <summary>The second leaves 32 bits: sums wrap around, as the processor's do.</summary>
    static readonly int[] Magnitudes = [1000, short.MaxValue];

    static void Interpret(CodePage page, WordCall call, IEnumerable<Stretch> reach)
    {
        using var machine = new Machine();
        foreach (var vector in machine.Zmm) vector.Of<byte>().Fill(0xFF);
        for (var register = Register.RAX; register <= Register.R15; register++) machine[register] = 0xDEAD_BEEF_DEAD_BEEF;
        machine.Allow(&call, sizeof(WordCall));
        foreach (var stretch in reach) machine.Allow((void*)stretch.Start, (nint)stretch.Bytes);
        machine.Run(page.Code, (nint)(&call));
        Assert.Equal(0, call.Blocks);
    }

    static void Execute(CodePage page, WordCall call, IEnumerable<Stretch> reach) => ((delegate* unmanaged<WordCall*, void>)page.Address)(&call);

    static void ForAll(int steps, RunWordKernel run)
    {
        for (var rows = 1; rows <= WordEmitter.MaxRows; rows++)
        {
            foreach (var adds in (bool[])[false, true])
            {
                foreach (var largest in Magnitudes)
                {
                    using var world = new WordWorld(rows, 1 + (rows % 3), steps, adds, largest);
                    world.Multiply(run);
                }
            }
        }
    }

    [Theory, InlineData(1), InlineData(2), InlineData(5)]
    public void Interpreted_kernels_equal_the_sums_written_out_within_their_bounds(int steps)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the interpreter calls as System V does");
        ForAll(steps, Interpret);
    }

    [Theory, InlineData(1), InlineData(3), InlineData(16)]
    public void Executed_kernels_equal_the_sums_written_out(int steps)
    {
        Assert.SkipUnless(CpuFeatures.HasAvx512Vnni, "this processor has no AVX-512 VNNI");
        ForAll(steps, Execute);
    }

    [Fact]
    public void An_interpreted_kernel_that_is_denied_the_first_byte_of_an_operand_faults()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the interpreter calls as System V does");
        for (var denied = 0; denied < 5; denied++)   // pairs, their scales, the row's scale, the row, its results
        {
            using var world = new WordWorld(1, 1, 1, adds: false, 1000);
            var error = Assert.Throws<MachineException>(() => world.Multiply((page, call, reach) =>
                Interpret(page, call, reach.Select((stretch, i) => i == denied ? new(stretch.Start + 1, stretch.Bytes - 1) : stretch))));
            Assert.Contains("not allowed", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory, InlineData(false), InlineData(true)]
    public void The_bytes_are_what_was_meant_and_nothing_else(bool adds)
    {
        for (var rows = 1; rows <= WordEmitter.MaxRows; rows++)
        {
            using var page = WordEmitter.Emit(rows, adds);
            var (name, code) = ($"{rows} rows", CodeChecks.Decode(page));
            CodeChecks.AreOf(name, code, CpuidFeature.AVX512F, CpuidFeature.AVX512_VNNI, CpuidFeature.AVX);
            CodeChecks.LeaveAfter(name, code, Mnemonic.Vzeroupper);
            CodeChecks.AddressByRegisters(name, code);
            CodeChecks.KeepTheStack(name, code);
            Assert.Equal(rows * WordEmitter.StepTerms, code.Count(i => i.Mnemonic == Mnemonic.Vpdpwssd));
        }
    }

    [Fact]
    public void Offsets_are_those_that_kernels_read_by()
    {
        static int At(string field) => (int)Marshal.OffsetOf<WordCall>(field);
        Assert.Equal(
            [WordCall.AAt, WordCall.ABytesAt, WordCall.AScalesAt, WordCall.BAt, WordCall.BScalesAt, WordCall.CAt, WordCall.CBytesAt, WordCall.StepsAt, WordCall.BlocksAt],
            [At(nameof(WordCall.A)), At(nameof(WordCall.ABytes)), At(nameof(WordCall.AScales)), At(nameof(WordCall.B)), At(nameof(WordCall.BScales)),
                At(nameof(WordCall.C)), At(nameof(WordCall.CBytes)), At(nameof(WordCall.Steps)), At(nameof(WordCall.Blocks))]);
    }

    [Theory, InlineData(0), InlineData(WordEmitter.MaxRows + 1)]
    public void Kernels_of_other_shapes_are_refused(int rows) => Assert.Throws<ArgumentOutOfRangeException>(() => WordEmitter.Emit(rows, adds: true));
}
