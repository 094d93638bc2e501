using Homegrown.Kernels.Emit;
using Iced.Intel;

namespace Homegrown.Kernels.Tests.Emit;

/// <summary>What the bytes of every kernel must be, whatever it computes.</summary>
static class CodeChecks
{
    /// <summary>What every x64 processor has.</summary>
    static readonly CpuidFeature[] Base =
    [
        CpuidFeature.X64, CpuidFeature.INTEL8086, CpuidFeature.INTEL186, CpuidFeature.INTEL386, CpuidFeature.SSE, CpuidFeature.SSE2, CpuidFeature.CMOV,
    ];

    static readonly FlowControl[] Flow = [FlowControl.Next, FlowControl.Return, FlowControl.ConditionalBranch, FlowControl.UnconditionalBranch];

    internal static Instruction[] Decode(CodePage page)
    {
        var decoder = Decoder.Create(64, page.Code);
        var instructions = new List<Instruction>();
        while (decoder.IP < (ulong)page.Code.Length) instructions.Add(decoder.Decode());
        Assert.Equal(page.Code.Length, instructions.Sum(i => i.Length));
        return [.. instructions];
    }

    /// <summary>Every byte is of an instruction that the processor was asked for.</summary>
    internal static void AreOf(string kernel, Instruction[] code, params CpuidFeature[] features)
    {
        foreach (var i in code)
        {
            Assert.False(i.IsInvalid, $"{kernel}: {i.IP:x} is no instruction");
            Assert.True(
                Array.TrueForAll(i.Code.CpuidFeatures(), f => Base.Contains(f) || features.Contains(f)),
                $"{kernel}: {i} needs {string.Join(", ", i.Code.CpuidFeatures())}");
        }
    }

    /// <summary>Control stays inside and leaves by one ret, after one <paramref name="last"/>, behind which no wide vector or tile is used.</summary>
    internal static void LeaveAfter(string kernel, Instruction[] code, Mnemonic last)
    {
        var starts = code.Select(i => i.IP).ToHashSet();
        foreach (var i in code)
        {
            Assert.True(Flow.Contains(i.FlowControl), $"{kernel}: {i}");
            if (i.FlowControl is FlowControl.ConditionalBranch or FlowControl.UnconditionalBranch) Assert.Contains(i.NearBranchTarget, starts);
        }

        Assert.Equal(Mnemonic.Ret, code[^1].Mnemonic);
        Assert.Single(code, i => i.Mnemonic == Mnemonic.Ret);
        Assert.Single(code, i => i.Mnemonic == last);
        var end = code[(Array.FindIndex(code, i => i.Mnemonic == last) + 1)..];
        Assert.All(end[..^1], i => Assert.True(i.FlowControl == FlowControl.Next && !UsesWideRegisters(i), $"{kernel}: {i} after {last}"));
        Assert.DoesNotContain(code, i => i.NearBranchTarget >= end[0].IP);
    }

    static bool UsesWideRegisters(Instruction i)
        => Enumerable.Range(0, i.OpCount).Any(o => i.GetOpKind(o) == OpKind.Register && (i.GetOpRegister(o).IsZMM() || i.GetOpRegister(o).IsYMM() || i.GetOpRegister(o).IsTMM()));

    /// <summary>Addresses come from registers, and so from the call.</summary>
    internal static void AddressByRegisters(string kernel, Instruction[] code)
    {
        foreach (var i in code)
        {
            if (!Enumerable.Range(0, i.OpCount).Any(o => i.GetOpKind(o) == OpKind.Memory)) continue;
            Assert.True(i.MemoryBase.IsGPR64() && i.SegmentPrefix == Register.None, $"{kernel}: {i}");
        }
    }

    /// <summary>The stack takes saved registers and gives them back in turn. Not on Windows, where vectors are saved too.</summary>
    internal static void KeepTheStack(string kernel, Instruction[] code)
    {
        if (OperatingSystem.IsWindows()) return;
        var saved = new Stack<Register>();
        foreach (var i in code)
        {
            if (i.Mnemonic == Mnemonic.Push) saved.Push(i.Op0Register);
            else if (i.Mnemonic == Mnemonic.Pop) Assert.Equal(saved.Pop(), i.Op0Register);
            else Assert.True(i.IsStackInstruction ? i.Mnemonic == Mnemonic.Ret : !Names(i, Register.RSP), $"{kernel}: {i}");
        }

        Assert.Empty(saved);
    }

    static bool Names(Instruction i, Register register)
        => i.MemoryBase == register || i.MemoryIndex == register || Enumerable.Range(0, i.OpCount).Any(o => i.GetOpRegister(o).GetFullRegister() == register);
}
