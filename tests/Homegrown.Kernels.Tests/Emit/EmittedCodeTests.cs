using Homegrown.Kernels.Quant;
using Homegrown.Kernels.Tests.Ops;
using Iced.Intel;

namespace Homegrown.Kernels.Tests.Emit;

/// <summary>The bytes of every kernel decode to what was meant, and to nothing else.</summary>
public sealed class EmittedCodeTests
{
    /// <summary>What <see cref="Kernels.Emit.EmittedKernels.AreSupported"/> asks for, and what every x64 processor has; AVX is vzeroupper.</summary>
    static readonly HashSet<CpuidFeature> Allowed =
    [
        CpuidFeature.AVX512F, CpuidFeature.AVX512BW, CpuidFeature.AVX512VL, CpuidFeature.AVX512DQ, CpuidFeature.AVX512_VNNI, CpuidFeature.AVX,
        CpuidFeature.X64, CpuidFeature.INTEL8086, CpuidFeature.INTEL186, CpuidFeature.INTEL386, CpuidFeature.SSE, CpuidFeature.SSE2, CpuidFeature.CMOV,
    ];

    static readonly FlowControl[] Flow = [FlowControl.Next, FlowControl.Return, FlowControl.ConditionalBranch, FlowControl.UnconditionalBranch];

    public static TheoryData<TensorType> PackableTypes => Corpus.PackableTypes;

    static void ForAll(TensorType type, Action<Kernel, Instruction[], int> check)
    {
        foreach (var kernel in KernelLayouts.Of(type))
        {
            using var page = kernel.Emit();
            var decoder = Decoder.Create(64, page.Code);
            var instructions = new List<Instruction>();
            while (decoder.IP < (ulong)page.Code.Length) instructions.Add(decoder.Decode());
            check(kernel, [.. instructions], page.Code.Length);
        }
    }

    [Theory, MemberData(nameof(PackableTypes))]
    public void Every_byte_is_of_an_instruction_that_the_processor_was_asked_for(TensorType type) => ForAll(type, (kernel, code, length) =>
    {
        Assert.Equal(length, code.Sum(i => i.Length));
        foreach (var i in code)
        {
            Assert.False(i.IsInvalid, $"{kernel}: {i.IP:x} is no instruction");
            Assert.True(Array.TrueForAll(i.Code.CpuidFeatures(), Allowed.Contains), $"{kernel}: {i} needs {string.Join(", ", i.Code.CpuidFeatures())}");
        }
    });

    [Theory, MemberData(nameof(PackableTypes))]
    public void Control_stays_inside_and_leaves_by_one_ret_after_vzeroupper(TensorType type) => ForAll(type, (kernel, code, _) =>
    {
        var starts = code.Select(i => i.IP).ToHashSet();
        foreach (var i in code)
        {
            Assert.True(Flow.Contains(i.FlowControl), $"{kernel}: {i}");
            if (i.FlowControl is FlowControl.ConditionalBranch or FlowControl.UnconditionalBranch) Assert.Contains(i.NearBranchTarget, starts);
        }

        Assert.Equal(Mnemonic.Ret, code[^1].Mnemonic);
        Assert.Single(code, i => i.Mnemonic == Mnemonic.Ret);
        Assert.Single(code, i => i.Mnemonic == Mnemonic.Vzeroupper);
        var end = code[(Array.FindIndex(code, i => i.Mnemonic == Mnemonic.Vzeroupper) + 1)..];
        Assert.All(end[..^1], i => Assert.True(i.FlowControl == FlowControl.Next && !UsesWideVectors(i), $"{kernel}: {i} after vzeroupper"));
        Assert.DoesNotContain(code, i => i.NearBranchTarget >= end[0].IP);
    });

    static bool UsesWideVectors(Instruction i)
        => Enumerable.Range(0, i.OpCount).Any(o => i.GetOpKind(o) == OpKind.Register && (i.GetOpRegister(o).IsZMM() || i.GetOpRegister(o).IsYMM()));

    [Theory, MemberData(nameof(PackableTypes))]
    public void Addresses_come_from_the_call_alone(TensorType type) => ForAll(type, (kernel, code, _) =>
    {
        foreach (var i in code)
        {
            if (!Enumerable.Range(0, i.OpCount).Any(o => i.GetOpKind(o) == OpKind.Memory)) continue;
            Assert.True(i.MemoryBase.IsGPR64() && i.SegmentPrefix == Register.None, $"{kernel}: {i}");
        }
    });

    [Theory, MemberData(nameof(PackableTypes))]
    public void The_stack_takes_saved_registers_and_gives_them_back_in_turn(TensorType type)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "on Windows vectors are saved too");
        ForAll(type, (kernel, code, _) =>
        {
            var saved = new Stack<Register>();
            foreach (var i in code)
            {
                if (i.Mnemonic == Mnemonic.Push) saved.Push(i.Op0Register);
                else if (i.Mnemonic == Mnemonic.Pop) Assert.Equal(saved.Pop(), i.Op0Register);
                else Assert.True(i.IsStackInstruction ? i.Mnemonic == Mnemonic.Ret : !Names(i, Register.RSP), $"{kernel}: {i}");
            }

            Assert.Empty(saved);
        });
    }

    static bool Names(Instruction i, Register register)
        => i.MemoryBase == register || i.MemoryIndex == register || Enumerable.Range(0, i.OpCount).Any(o => i.GetOpRegister(o).GetFullRegister() == register);

    [Theory, MemberData(nameof(PackableTypes))]
    public void A_part_is_one_dot_for_each_group_token_panel_and_pass(TensorType type) => ForAll(type, (kernel, code, _) =>
        Assert.Equal(PanelLayout.Groups * kernel.Tokens * kernel.Panels * kernel.Passes, code.Count(i => i.Mnemonic == Mnemonic.Vpdpbusd)));

    [Theory, MemberData(nameof(PackableTypes))]
    public void Packed_kernels_fetch_ahead_a_group_and_others_nothing(TensorType type) => ForAll(type, (kernel, code, _) =>
    {
        var lines = kernel.Layout == KernelLayouts.Packed(type) && kernel.Name.StartsWith("packed", StringComparison.Ordinal)
            ? (kernel.Layout.GroupBytes + PanelLayout.VectorBytes - 1) / PanelLayout.VectorBytes : 0;
        // In the loop over all parts; and where a listed part's group begins.
        Assert.Equal(2 * lines, code.Count(i => i.Mnemonic == Mnemonic.Prefetcht0));
    });
}
