using System.Numerics;
using System.Runtime.Intrinsics;
using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Quant;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Homegrown.Kernels.Emit;

/// <summary>
/// What emitted products have in common: the share of one part of 32 columns in the outputs of some tokens and of one panel of 16
/// rows, or two, in AVX-512 VNNI, a row to a lane. It computes what <see cref="PartSum{TFormat,TLanes,TFloats}"/> says.
/// </summary>
/// <remarks>
/// Registers: 12 integer sums from zmm0, 12 float sums from zmm12, then those named below. A kernel takes a
/// <see cref="ProductCall"/>, calls nothing, and changes only registers that a callee may, or gives them back.
/// </remarks>
abstract class PartEmitter
{
    /// <summary>Tokens times panels at most: as many sums as registers can hold twice.</summary>
    internal const int MaxSums = 12;

    /// <summary>Tokens at most: two panels' sums.</summary>
    internal const int MaxTokens = MaxSums / 2;

    protected static readonly AssemblerRegister64 Call = rdi, Codes = r10, PanelBytes = rsi;

    /// <summary>Constants of packed panels, whose kernels have sums for one panel only.</summary>
    static readonly AssemblerRegisterZMM Levels = zmm18, Unit = zmm19, Least = zmm20, LowNibble = zmm21;

    static readonly AssemblerRegisterZMM Plane = zmm25, HighPlane = zmm26, Mask = zmm27, HighMask = zmm28, Repeated = zmm31;
    protected static readonly AssemblerRegisterZMM Super = zmm22, SuperMin = zmm23;

    protected readonly Assembler a = new(64);
    protected readonly PanelLayout layout;
    protected readonly int panels, tokens;

    /// <param name="layout">Of the panels; two panels at once only where the codes are bytes.</param>
    private protected PartEmitter(PanelLayout layout, int panels, int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(panels == 1 || (panels == 2 && layout.Bits == 8 && layout.Scales == PanelScales.Floats), true, nameof(panels));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens, MaxTokens);
        (this.layout, this.panels, this.tokens) = (layout, panels, tokens);
    }

    /// <summary>The register that points to the scales of the part.</summary>
    protected abstract AssemblerRegister64 Header { get; }

    /// <summary>Something of a token's <see cref="PartCodes"/>.</summary>
    protected abstract AssemblerMemoryOperand At(int token, int offset);

    static AssemblerRegisterZMM Code(int panel) => Zmm(panel == 0 ? 24 : 25);

    static AssemblerRegisterZMM Scale(int panel) => Zmm(panel == 0 ? 29 : 27);

    protected static AssemblerRegisterZMM Min(int panel) => Zmm(panel == 0 ? 30 : 28);

    static AssemblerRegisterZMM Zmm(int number) => new(Register.ZMM0 + number);

    AssemblerRegisterZMM Dots(int token, int panel) => Zmm((token * panels) + panel);

    protected AssemblerRegisterZMM Sums(int token, int panel) => Zmm(MaxSums + (token * panels) + panel);

    /// <summary>The float or four codes there, in every lane.</summary>
    protected static AssemblerMemoryOperand Repeat(AssemblerMemoryOperand operand) => __dword_bcst[operand];

    static AssemblerMemoryOperand OfPanel(AssemblerRegister64 start, int panel, int offset)
        => panel == 0 ? __zmmword_ptr[start + offset] : __zmmword_ptr[start + PanelBytes + offset];

    protected void ForAll(Action<int, int> emit)
    {
        for (var token = 0; token < tokens; token++)
            for (var panel = 0; panel < panels; panel++) emit(token, panel);
    }

    /// <summary>What unpacking needs in registers.</summary>
    protected void Constants()
    {
        if (layout.Bits == 8) return;
        var from = layout.FirstBit;
        foreach (var bits in layout.Planes)
        {
            a.mov(edx, ((1 << bits) - 1) << from);
            a.vpbroadcastb(from == layout.FirstBit ? Mask : HighMask, edx);
            from += bits;
        }

        if (layout.Levels is { } levels)
        {
            var bytes = (levels ^ Vector128.Create(sbyte.MinValue)).AsInt64();   // as their bias has it
            a.mov(rdx, bytes[0]);
            a.vpbroadcastq(Levels, rdx);
            a.mov(rdx, bytes[1]);
            a.vpbroadcastq(Least, rdx);
            a.vpunpcklqdq(Levels, Levels, Least);
        }

        switch (layout.Scales)
        {
            case PanelScales.Pairs:
                Fill(LowNibble, 15);
                break;
            case PanelScales.Exponents:
                Fill(Unit, BitConverter.SingleToInt32Bits(Fp4.ExponentUnit));
                Fill(Least, Fp4.LeastExponentBits);
                break;
            case PanelScales.SmallFloats:
                Fill(Unit, BitConverter.SingleToInt32Bits(Fp4.FloatUnit));
                break;
        }

        void Fill(AssemblerRegisterZMM register, int value)
        {
            a.mov(edx, value);
            a.vpbroadcastd(register, edx);
        }
    }

    /// <summary>Adds the share of a part's codes, or rests, to the sums: half by half where these have scales of their own.</summary>
    /// <param name="x">Where a token's part has them.</param>
    /// <param name="minusSums">Where it has their negated sums.</param>
    /// <param name="scale">Where it has their scale.</param>
    protected void Products(int x, int minusSums, int scale)
    {
        var perPart = layout.PerPart;
        for (var half = 0; half < perPart; half++)
        {
            var which = perPart == 1 ? MinusSums.AllAt : half == 0 ? MinusSums.FirstAt : MinusSums.SecondAt;
            ForAll((token, panel) =>
            {
                if (layout.Bias == 0) a.vpxord(Dots(token, panel), Dots(token, panel), Dots(token, panel));
                else a.vpslld(Dots(token, panel), Repeat(At(token, minusSums + which)), (byte)BitOperations.Log2((uint)layout.Bias));
            });
            for (var group = half * PanelLayout.Groups / perPart; group < (half + 1) * PanelLayout.Groups / perPart; group++) Group(group, x + (4 * group));
            for (var panel = 0; panel < panels; panel++) Scales(Scale(panel), panel, half);
            ForAll((token, panel) => a.vcvtdq2ps(Dots(token, panel), Dots(token, panel)));
            ForAll((token, panel) => a.vmulps(Dots(token, panel), Dots(token, panel), Repeat(At(token, scale))));
            ForAll((token, panel) => a.vfmadd231ps(Sums(token, panel), Dots(token, panel), Scale(panel)));
        }
    }

    /// <summary>Four columns of all rows and tokens.</summary>
    void Group(int group, int x)
    {
        for (var panel = 0; panel < panels; panel++)
        {
            if (layout.Bits == 8) a.vmovdqu32(Code(panel), OfPanel(Codes, panel, group * PanelLayout.VectorBytes));
            else Unpack(group);
        }

        for (var token = 0; token < tokens; token++)
        {
            if (panels > 1) a.vpbroadcastd(Repeated, __dword_ptr[At(token, x)]);
            for (var panel = 0; panel < panels; panel++)
            {
                if (panels > 1) a.vpdpbusd(Dots(token, panel), Code(panel), Repeated);
                else a.vpdpbusd(Dots(token, panel), Code(panel), Repeat(At(token, x)));
            }
        }
    }

    /// <summary>The codes of a group from their planes.</summary>
    void Unpack(int group)
    {
        var (code, from, at) = (Code(0), layout.FirstBit, 0);
        foreach (var bits in layout.Planes)
        {
            var (plane, mask) = at == 0 ? (Plane, Mask) : (HighPlane, HighMask);
            var (place, groups) = (group % (8 / bits), 8 / bits);
            var turn = (byte)((from - (place * bits)) & 31);
            if (place == 0)
                a.vmovdqu32(plane, __zmmword_ptr[Codes + (at + (group / groups * PanelLayout.VectorBytes))]);
            if (at == 0)
            {
                if (turn > 0) a.vprold(code, plane, turn);
                a.vpandd(code, turn > 0 ? code : plane, mask);
            }
            else
            {
                a.vprold(Repeated, plane, turn);
                a.vpternlogd(code, Repeated, mask, 0xF8);   // code | (rotated & mask)
            }

            from += bits;
            at += bits * PanelLayout.VectorBytes;
        }

        if (layout.Levels is not null) a.vpshufb(code, Levels, code);
    }

    /// <summary>The scales or minima of 16 rows as floats: number <paramref name="index"/> of the part, minima behind scales.</summary>
    protected void Scales(AssemblerRegisterZMM to, int panel, int index)
    {
        var isMin = index >= layout.PerPart;
        var super = isMin ? SuperMin : Super;
        switch (layout.Scales)
        {
            case PanelScales.Floats:
                a.vmovups(to, OfPanel(Header, panel, index * PanelLayout.VectorBytes));
                break;
            case PanelScales.Halves:
                a.vcvtph2ps(to, __ymmword_ptr[Header + (index * PanelLayout.Rows * sizeof(ushort))]);
                break;
            case PanelScales.Blocks:
                a.vmovaps(to, super);
                break;
            case PanelScales.Pairs:
                a.vpmovzxbd(to, __xmmword_ptr[Header + (index % layout.PerPart * PanelLayout.Rows)]);
                if (isMin) a.vpsrld(to, to, 4);
                else a.vpandd(to, to, LowNibble);
                a.vcvtdq2ps(to, to);
                a.vmulps(to, to, super);
                break;
            case PanelScales.Exponents:   // as Fp4.ScaleOfExponent
                a.vpmovzxbd(to, __xmmword_ptr[Header + (index * PanelLayout.Rows)]);
                a.vpslld(to, to, Fp4.ExponentShift);
                a.vpmaxsd(to, to, Least);
                a.vsubps(Repeated, to, to);
                a.vfmadd132ps(to, Repeated, Unit);
                break;
            case PanelScales.SmallFloats:   // as Fp4.ScaleOfFloat
                a.vpmovzxbd(to, __xmmword_ptr[Header + (index * PanelLayout.Rows)]);
                a.vpslld(to, to, Fp4.FloatShift);
                a.vmulps(to, to, Unit);
                break;
            default:
                a.vpmovsxbd(to, __xmmword_ptr[Header + (index * PanelLayout.Rows)]);
                a.vcvtdq2ps(to, to);
                a.vmulps(to, to, super);
                break;
        }
    }
}
