using Homegrown.Kernels.Quant;
using Homegrown.Kernels.Tests.Ops;
using Iced.Intel;

namespace Homegrown.Kernels.Tests.Emit;

/// <summary>The bytes of every kernel decode to what was meant, and to nothing else.</summary>
public sealed class EmittedCodeTests
{
    /// <summary>What <see cref="Kernels.Emit.EmittedKernels.AreSupported"/> asks for; AVX is vzeroupper.</summary>
    static readonly CpuidFeature[] Allowed =
    [
        CpuidFeature.AVX512F, CpuidFeature.AVX512BW, CpuidFeature.AVX512VL, CpuidFeature.AVX512DQ, CpuidFeature.AVX512_VNNI, CpuidFeature.AVX,
    ];

    public static TheoryData<TensorType> PackableTypes => Corpus.PackableTypes;

    static void ForAll(TensorType type, Action<Kernel, Instruction[]> check)
    {
        foreach (var kernel in KernelLayouts.Of(type))
        {
            using var page = kernel.Emit();
            check(kernel, CodeChecks.Decode(page));
        }
    }

    [Theory, MemberData(nameof(PackableTypes))]
    public void Every_byte_is_of_an_instruction_that_the_processor_was_asked_for(TensorType type)
        => ForAll(type, (kernel, code) => CodeChecks.AreOf($"{kernel}", code, Allowed));

    [Theory, MemberData(nameof(PackableTypes))]
    public void Control_stays_inside_and_leaves_by_one_ret_after_vzeroupper(TensorType type)
        => ForAll(type, (kernel, code) => CodeChecks.LeaveAfter($"{kernel}", code, Mnemonic.Vzeroupper));

    [Theory, MemberData(nameof(PackableTypes))]
    public void Addresses_come_from_the_call_alone(TensorType type) => ForAll(type, (kernel, code) => CodeChecks.AddressByRegisters($"{kernel}", code));

    [Theory, MemberData(nameof(PackableTypes))]
    public void The_stack_takes_saved_registers_and_gives_them_back_in_turn(TensorType type)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "on Windows vectors are saved too");
        ForAll(type, (kernel, code) => CodeChecks.KeepTheStack($"{kernel}", code));
    }

    [Theory, MemberData(nameof(PackableTypes))]
    public void A_part_is_one_dot_for_each_group_token_panel_and_pass(TensorType type) => ForAll(type, (kernel, code) =>
        Assert.Equal(PanelLayout.Groups * kernel.Tokens * kernel.Panels * kernel.Passes, code.Count(i => i.Mnemonic == Mnemonic.Vpdpbusd)));

    [Theory, MemberData(nameof(PackableTypes))]
    public void Packed_kernels_fetch_ahead_a_group_and_others_nothing(TensorType type) => ForAll(type, (kernel, code) =>
    {
        var lines = kernel.Layout == KernelLayouts.Packed(type) && kernel.Name.StartsWith("packed", StringComparison.Ordinal)
            ? (kernel.Layout.GroupBytes + PanelLayout.VectorBytes - 1) / PanelLayout.VectorBytes : 0;
        // In the loop over all parts; and where a listed part's group begins.
        Assert.Equal(2 * lines, code.Count(i => i.Mnemonic == Mnemonic.Prefetcht0));
    });
}
