using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Quant;
using Homegrown.Kernels.Tests.Emit.Emulator;
using Homegrown.Kernels.Tests.Ops;
using Iced.Intel;

namespace Homegrown.Kernels.Tests.Emit;

/// <summary>Every kernel multiplies what the portable tier multiplies, to the bit: interpreted on any machine, and run where it can be.</summary>
public sealed unsafe class EmittedProductTests
{
    /// <summary>Groups of parts and tokens: each count of tokens, and rows long enough for several stretches.</summary>
    static readonly (int Groups, int Tokens)[] Shapes = [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (1, 6), (2, 3), (3, 6), (9, 2)];

    public static MatrixTheoryData<TensorType, Activations> Cases => new(Corpus.Packable, Enum.GetValues<Activations>());

    public static TheoryData<TensorType> PackableTypes => Corpus.PackableTypes;

    /// <summary>With nothing in registers that a kernel could take for zeros, nor memory beyond its operands.</summary>
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

    [Theory, MemberData(nameof(Cases))]
    public void Interpreted_kernels_equal_the_portable_tier_within_their_bounds(TensorType type, Activations activations)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the interpreter calls as System V does");
        foreach (var (groups, tokens) in Shapes) Multiply(type, groups, tokens, activations, Interpret);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Executed_kernels_equal_the_portable_tier(TensorType type, Activations activations)
    {
        Assert.SkipUnless(EmittedKernels.AreSupported, "this processor has no AVX-512 VNNI");
        for (var groups = 1; groups <= 9; groups++)
            for (var tokens = 1; tokens <= PartEmitter.MaxTokens; tokens++) Multiply(type, groups, tokens, activations, Execute);
    }

    static void Multiply(TensorType type, int groups, int tokens, Activations activations, RunKernel run)
    {
        using var world = new ProductWorld(type, groups, tokens, activations, run);
        world.MultiplyPacked();
        for (var panels = 1; panels <= 2; panels++) world.MultiplyUnpacked(panels);
    }

    [Theory, MemberData(nameof(PackableTypes))]
    public void Stretches_of_parts_and_rests_by_part_add_up_to_the_same_when_interpreted(TensorType type)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the interpreter calls as System V does");
        MultiplyInStretches(type, Interpret, maxGroups: 1);
    }

    [Theory, MemberData(nameof(PackableTypes))]
    public void Stretches_of_parts_and_rests_by_part_add_up_to_the_same_when_executed(TensorType type)
    {
        Assert.SkipUnless(EmittedKernels.AreSupported, "this processor has no AVX-512 VNNI");
        MultiplyInStretches(type, Execute, maxGroups: 9);
    }

    static void MultiplyInStretches(TensorType type, RunKernel run, int maxGroups)
    {
        for (var groups = 1; groups <= maxGroups; groups += 4)
        {
            for (var tile = 1; tile <= PartEmitter.MaxTokens; tile++)
            {
                foreach (var activations in (Activations[])[Activations.Outliers, Activations.NotFinite])
                {
                    using var world = new ProductWorld(type, groups, (2 * tile) + 1, activations, run);
                    for (var panels = 1; panels <= 2; panels++) world.MultiplyInStretches(panels, tile);
                }
            }
        }
    }

    [Theory, MemberData(nameof(PackableTypes))]
    public void The_cases_have_parts_with_rests_and_without(TensorType type)
    {
        int Rests(Activations activations, out int parts)
        {
            using var world = new ProductWorld(type, 9, 1, activations, Interpret);
            parts = world.Parts;
            return world.RestParts;
        }

        Assert.InRange(Rests(Activations.Outliers, out var parts), 1, parts - 1);
        Assert.InRange(Rests(Activations.Extremes, out parts), 1, parts - 1);
        Assert.Equal(0, Rests(Activations.Even, out _));
        Assert.Equal(0, Rests(Activations.Zeros, out _));
    }

    [Theory, MemberData(nameof(PackableTypes))]
    public void The_emitted_tier_equals_the_portable_one(TensorType type)
    {
        Assert.SkipUnless(Corpus.Kernels.Any(kernel => kernel.Tier == Tier.Emitted), "this processor has no AVX-512 VNNI");
        const int Few = Homegrown.Kernels.Ops.Products.Operands.FewTokens;
        const int Columns = 1280, Rows = 85;   // 40 parts: more than two stretches; 85 rows: whole chunks and panels, and 5 rows more
        using var buffer = Corpus.Encode(type, Corpus.Values(Rows * Columns, 1), Columns);
        var w = buffer.Weight(type, Rows, Columns);
        foreach (var tokens in (int[])[1, 2, 6, 7, Few, Few + 1, 65, 150])
        {
            var x = Activations.Outliers.Of(tokens, Columns);
            var portable = Corpus.Multiply(new() { Tier = Tier.Portable, MaxVectorBits = 256, Threads = 2 }, x, w);
            Assert.Equal(portable, Corpus.Multiply(new() { Tier = Tier.Emitted, Threads = 2 }, x, w));
        }
    }

    [Fact]
    public void An_interpreted_kernel_that_is_denied_the_first_byte_of_an_operand_faults()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the interpreter calls as System V does");
        for (var denied = 0; denied < 4; denied++)   // the panel, the token's parts, its outputs, the list
        {
            using var world = new ProductWorld(TensorType.Q4_0, 9, 1, Activations.Outliers, (page, call, reach) =>
                Interpret(page, call, reach.Select((stretch, i) => i == denied ? new(stretch.Start + 1, stretch.Bytes - 1) : stretch)));
            Assert.Contains("not allowed", Assert.Throws<MachineException>(world.MultiplyPacked).Message, StringComparison.Ordinal);
        }
    }
}
