using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Emit;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Homegrown.Kernels.Tests.Emit.Emulator;

/// <summary>
/// Every encoding of every vector instruction of the table that this processor has, in registers, memory and broadcast, plain, masked
/// and zeroing, on awkward operands: the machine and the processor agree to the bit.
/// </summary>
public sealed unsafe class AgainstProcessorTests
{
    // The state that code loads, works on and stores: three vectors, a memory operand, three masks, the result and its mask.
    const int A = 64, B = 128, Operand = 192, Mask = 256, MaskA = 264, MaskB = 272, Result = 320, MaskResult = 384, General = 392, StateBytes = 448;
    const int Rounds = 24;

    static readonly HashSet<CpuidFeature> Features = [.. Supported()];

    static IEnumerable<CpuidFeature> Supported()
    {
        if (!Avx512Vbmi.IsSupported) yield break;
        foreach (var f in (CpuidFeature[])[CpuidFeature.AVX, CpuidFeature.AVX2, CpuidFeature.FMA, CpuidFeature.F16C, CpuidFeature.AVX512F,
            CpuidFeature.AVX512BW, CpuidFeature.AVX512DQ, CpuidFeature.AVX512VL, CpuidFeature.AVX512_VBMI]) yield return f;
        // Leaf 7: VNNI in ecx of subleaf 0, BF16 in eax of subleaf 1.
        if ((X86Base.CpuId(7, 0).Ecx >> 11 & 1) != 0) yield return CpuidFeature.AVX512_VNNI;
        if ((X86Base.CpuId(7, 1).Eax >> 5 & 1) != 0) yield return CpuidFeature.AVX512_BF16;
    }

    public static TheoryData<string> Instructions => [.. VectorTable.Rows.Keys.Select(m => m.ToString())];

    [Theory, MemberData(nameof(Instructions))]
    public void Machine_and_processor_agree(string name)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Features.Count > 0, "needs Linux on a processor with AVX-512 VBMI");
        var codes = Enum.GetValues<Code>().Where(c => c.Mnemonic().ToString() == name && Array.TrueForAll(c.CpuidFeatures(), Features.Contains)).ToArray();
        Assert.SkipWhen(codes.Length == 0, "this processor has no such instruction");
        var random = new Random(name.Length + codes.Length);
        var failures = codes.SelectMany(Variants).Select(v => Disagreement(v, random)).OfType<string>().ToArray();
        Assert.True(failures.Length == 0, $"{failures.Length} variants differ:\n{string.Join('\n', failures.Take(8))}");
    }

    /// <summary>Registers 0, 1, 2 or memory at rsi for the operands, as the encoding has them; then masked, zeroing and broadcast.</summary>
    static IEnumerable<Instruction> Variants(Code code)
    {
        var info = code.ToOpCode();
        if (info.Mode64 == false) yield break;
        var kinds = Enumerable.Range(0, info.OpCount).Select(info.GetOpKind).ToArray();
        var memoryAt = Array.FindIndex(kinds, k => k.ToString().Contains("mem", StringComparison.Ordinal));
        var onlyMemory = memoryAt >= 0 && kinds[memoryAt] == OpCodeOperandKind.mem;
        foreach (var memory in memoryAt < 0 ? [false] : onlyMemory ? [true] : (bool[])[false, true])
            foreach (var broadcast in memory && info.CanBroadcast ? [false, true] : (bool[])[false])
                foreach (var (masked, zeroing) in ((bool, bool)[])[(false, false), (true, false), (true, true)])
                    foreach (var imm in Array.IndexOf(kinds, OpCodeOperandKind.imm8) < 0 ? [0] : Immediates(code))
                    {
                        if ((masked && !info.CanUseOpMaskRegister) || (zeroing && (!info.CanUseZeroingMasking || (memory && memoryAt == 0)))) continue;
                        if (!masked && info.RequireOpMaskRegister) continue;
                        var instruction = new Instruction { Code = code, IsBroadcast = broadcast, ZeroingMasking = zeroing, OpMask = masked ? Register.K1 : Register.None };
                        for (var i = 0; i < kinds.Length; i++)
                        {
                            var isImmediate = kinds[i] == OpCodeOperandKind.imm8;
                            var isMemory = memory && i == memoryAt;
                            instruction.SetOpKind(i, isImmediate ? OpKind.Immediate8 : isMemory ? OpKind.Memory : OpKind.Register);
                            if (isImmediate) instruction.Immediate8 = (byte)imm;
                            else if (isMemory) instruction.MemoryBase = Register.RSI;
                            else instruction.SetOpRegister(i, RegisterFor(kinds[i].ToString(), i));
                        }

                        yield return instruction;
                    }
    }

    // vcvtps2ph rounds by its immediate; the machine has round to nearest even alone.
    static int[] Immediates(Code code) => code.Mnemonic() == Mnemonic.Vcvtps2ph ? [0] : [.. Enumerable.Range(0, 32), 0x47, 0x96, 0xCA, 0xD8, 0xF0, 0xFF];

    static Register RegisterFor(string kind, int operand) => operand + (
        kind.StartsWith('z') ? Register.ZMM0 : kind.StartsWith('y') ? Register.YMM0 : kind.StartsWith('x') ? Register.XMM0
        : kind.StartsWith('k') ? Register.K2 : kind.StartsWith("r64", StringComparison.Ordinal) ? Register.R8 : Register.R8D);

    static string? Disagreement(Instruction instruction, Random random)
    {
        var code = CodeBytes.Of([.. Prologue(), instruction, .. Epilogue()]);
        using var page = new CodePage(code);
        using var machine = new Machine();
        // vmovdqa and vmovaps fault on an address that is not a multiple of their size.
        var space = stackalloc byte[(2 * StateBytes) + 64];
        var real = (byte*)(((nint)space + 63) & -64);
        var emulated = real + StateBytes;
        machine.Allow(emulated, StateBytes);
        for (var round = 0; round < Rounds; round++)
        {
            Operands.Fill(new Span<byte>(real, StateBytes), random, round);
            new Span<byte>(real, StateBytes).CopyTo(new(emulated, StateBytes));
            ((delegate* unmanaged<byte*, void>)page.Address)(real);
            try { machine.Run(code, (nint)emulated); }
            catch (MachineException e) { return e.Message; }
            if (!new Span<byte>(real, StateBytes).SequenceEqual(new(emulated, StateBytes))) return $"{instruction}: {Difference(real, emulated)}";
        }

        return null;
    }

    static string Difference(byte* real, byte* emulated)
    {
        var i = 0;
        while (real[i] == emulated[i]) i++;
        i &= ~3;
        var at = i & 63;
        string Dword(int offset) => (*(uint*)(real + offset)).ToString("x8");
        return $"dword {at / 4} at {i} is {Dword(i)}, not {*(uint*)(emulated + i):x8}; old {Dword(at)} a {Dword(A + at)} b {Dword(B + at)} memory {Dword(Operand + at)}";
    }

    static IEnumerable<Instruction> Prologue() => Block(c =>
    {
        c.vmovdqu64(zmm0, __[rdi]);
        c.vmovdqu64(zmm1, __[rdi + A]);
        c.vmovdqu64(zmm2, __[rdi + B]);
        c.kmovq(k1, __[rdi + Mask]);
        c.kmovq(k2, __[rdi + MaskA]);
        c.kmovq(k3, __[rdi + MaskA]);
        c.kmovq(k4, __[rdi + MaskB]);
        c.mov(r8, __[rdi + MaskA]);
        c.mov(r9, __[rdi + MaskB]);
        c.lea(rsi, __[rdi + Operand]);
    });

    static IEnumerable<Instruction> Epilogue() => Block(c =>
    {
        c.vmovdqu64(__[rdi + Result], zmm0);
        c.kmovq(__[rdi + MaskResult], k2);
        c.mov(__[rdi + General], r8);
        c.vzeroupper();
        c.ret();
    });

    static IEnumerable<Instruction> Block(Action<Assembler> write)
    {
        var assembler = new Assembler(64);
        write(assembler);
        return assembler.Instructions;
    }
}
