using System.Numerics;
using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Quant;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Homegrown.Kernels.Emit;

/// <summary>
/// Assembles the product of some tokens with one panel of 16 rows, or two, for AVX-512 VNNI: a row to a lane, sums in registers from
/// the first part to the last. It computes what <see cref="PartSum{TFormat,TLanes,TFloats}"/> says, in that order.
/// </summary>
/// <remarks>
/// Registers: 12 integer sums from zmm0, 12 float sums from zmm12, then what <see cref="Named"/> lists. A kernel takes a
/// <see cref="ProductCall"/>, calls nothing, and changes only registers that a callee may.
/// </remarks>
sealed class ProductEmitter
{
    /// <summary>Tokens times panels at most: as many sums as registers can hold twice.</summary>
    internal const int MaxSums = 12;

    /// <summary>Tokens at most: as many rows as two pointers and the scales of addressing reach.</summary>
    internal const int MaxTokens = 6;

    static readonly AssemblerRegister64 Call = rdi, Header = r9, Codes = r10, PanelBytes = rsi, X = rax, X3 = r8, XBytes = rcx, Parts = r11, Temp = rdx;

    readonly Assembler a = new(64);
    readonly PanelLayout layout;
    readonly int panels, tokens, prefetchBytes;

    ProductEmitter(PanelLayout layout, int panels, int tokens, int prefetchBytes)
        => (this.layout, this.panels, this.tokens, this.prefetchBytes) = (layout, panels, tokens, prefetchBytes);

    /// <param name="layout">Of the panels; two panels at once only where the codes are bytes.</param>
    /// <param name="prefetchBytes">How far ahead the codes are fetched; 0 leaves it to the processor.</param>
    internal static CodePage Emit(PanelLayout layout, int panels, int tokens, int prefetchBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(panels == 1 || (panels == 2 && layout.Bits == 8 && layout.Scales == PanelScales.Floats), true, nameof(panels));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens, MaxTokens);
        var emitter = new ProductEmitter(layout, panels, tokens, prefetchBytes);
        emitter.Kernel();
        return new CodePage(emitter.a);
    }

    /// <summary>Registers beyond the sums. The second panel has its own where two are given.</summary>
    static class Named
    {
        internal static readonly AssemblerRegisterZMM Plane = zmm25, HighPlane = zmm26, Mask = zmm27, HighMask = zmm28, Super = zmm22, SuperMin = zmm23, Repeated = zmm31;

        internal static AssemblerRegisterZMM Code(int panel) => Zmm(panel == 0 ? 24 : 25);

        internal static AssemblerRegisterZMM Scale(int panel) => Zmm(panel == 0 ? 29 : 27);

        internal static AssemblerRegisterZMM Min(int panel) => Zmm(panel == 0 ? 30 : 28);
    }

    static AssemblerRegisterZMM Zmm(int number) => new(Register.ZMM0 + number);

    AssemblerRegisterZMM Dots(int token, int panel) => Zmm((token * panels) + panel);

    AssemblerRegisterZMM Sums(int token, int panel) => Zmm(MaxSums + (token * panels) + panel);

    /// <summary>Something of a token's part.</summary>
    static AssemblerMemoryOperand At(int token, int offset)
    {
        var start = token < 3 ? X : X3;
        return (token % 3) switch
        {
            0 => __[start + offset],
            1 => __[start + XBytes + offset],
            _ => __[start + (XBytes * 2) + offset],
        };
    }

    static AssemblerMemoryOperand Dword(AssemblerMemoryOperand operand) => __dword_ptr[operand];

    /// <summary>The float or four codes there, in every lane.</summary>
    static AssemblerMemoryOperand Repeat(AssemblerMemoryOperand operand) => __dword_bcst[operand];

    static AssemblerMemoryOperand OfPanel(AssemblerRegister64 start, int panel, int offset) => panel == 0 ? __zmmword_ptr[start + offset] : __zmmword_ptr[start + PanelBytes + offset];

    void Kernel()
    {
        Platform.Enter(a);
        a.mov(Header, __qword_ptr[Call + ProductCall.HeaderAt]);
        a.mov(Codes, __qword_ptr[Call + ProductCall.CodesAt]);
        a.mov(PanelBytes, __qword_ptr[Call + ProductCall.PanelBytesAt]);
        a.mov(X, __qword_ptr[Call + ProductCall.XAt]);
        a.mov(XBytes, __qword_ptr[Call + ProductCall.XBytesAt]);
        a.mov(Parts, __qword_ptr[Call + ProductCall.PartsAt]);
        a.lea(X3, __[XBytes + (XBytes * 2)]);
        a.add(X3, X);
        ForAll((token, panel) => a.vpxord(Sums(token, panel), Sums(token, panel), Sums(token, panel)));
        if (layout.Bits < 8) Masks();

        var next = a.CreateLabel();
        a.Label(ref next);
        Part();
        a.add(Codes, layout.CodeBytes);
        a.add(Header, layout.PartBytes);
        a.add(X, PartCodes.Size);
        a.add(X3, PartCodes.Size);
        a.dec(Parts);
        a.jne(next);

        a.mov(X, __qword_ptr[Call + ProductCall.YAt]);
        a.mov(XBytes, __qword_ptr[Call + ProductCall.YBytesAt]);
        a.lea(X3, __[XBytes + (XBytes * 2)]);
        a.add(X3, X);
        ForAll((token, panel) => a.vmovups(At(token, panel * PanelLayout.VectorBytes), Sums(token, panel)));
        a.vzeroupper();
        Platform.Leave(a);
    }

    void Masks()
    {
        var from = 0;
        foreach (var bits in layout.Planes)
        {
            a.mov(edx, ((1 << bits) - 1) << from);
            a.vpbroadcastb(from == 0 ? Named.Mask : Named.HighMask, edx);
            from += bits;
        }
    }

    void Part()
    {
        for (var ahead = 0; prefetchBytes > 0 && ahead < layout.CodeBytes; ahead += PanelLayout.VectorBytes) a.prefetcht0(__[Codes + (prefetchBytes + ahead)]);
        if (layout.Scales == PanelScales.SuperBlocks) SuperBlock();
        Products(0, PartCodes.CodeSumsAt, PartCodes.ScaleAt, again: false);
        if (layout.HasMin)
        {
            for (var panel = 0; panel < panels; panel++) Scales(Named.Min(panel), panel, layout.PerPart, Named.SuperMin);
            ForAll((token, panel) => a.vfmadd231ps(Sums(token, panel), Named.Min(panel), Repeat(At(token, PartCodes.SumAt))));
        }

        // Where no token has rests, their share is 0.
        var none = a.CreateLabel();
        a.mov(edx, Dword(At(0, PartCodes.HasRestAt)));
        for (var token = 1; token < tokens; token++) a.or(edx, Dword(At(token, PartCodes.HasRestAt)));
        a.test(edx, edx);
        a.je(none);
        Products(PartCodes.RestsAt, PartCodes.RestSumsAt, PartCodes.RestScaleAt, again: true);
        a.Label(ref none);
    }

    /// <summary>The halves that 8 parts share, before the first of them.</summary>
    void SuperBlock()
    {
        var inside = a.CreateLabel();
        a.test(r11d, PanelLayout.SuperParts - 1);
        a.jne(inside);
        a.vcvtph2ps(Named.Super, __ymmword_ptr[Header]);
        if (layout.HasMin) a.vcvtph2ps(Named.SuperMin, __ymmword_ptr[Header + (layout.SuperBytes / 2)]);
        a.add(Header, layout.SuperBytes);
        a.Label(ref inside);
    }

    /// <summary>The share of a part's codes, or rests, half by half where these have scales of their own.</summary>
    /// <param name="again">The same weights as just before: a scale for the whole part is still there.</param>
    void Products(int x, int minusSums, int scale, bool again)
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
            for (var panel = 0; panel < panels && !(again && perPart == 1); panel++) Scales(Named.Scale(panel), panel, half, Named.Super);
            ForAll((token, panel) => a.vcvtdq2ps(Dots(token, panel), Dots(token, panel)));
            ForAll((token, panel) => a.vmulps(Dots(token, panel), Dots(token, panel), Repeat(At(token, scale))));
            ForAll((token, panel) => a.vfmadd231ps(Sums(token, panel), Dots(token, panel), Named.Scale(panel)));
        }
    }

    /// <summary>Four columns of all rows and tokens.</summary>
    void Group(int group, int x)
    {
        for (var panel = 0; panel < panels; panel++)
        {
            if (layout.Bits == 8) a.vmovdqu32(Named.Code(panel), OfPanel(Codes, panel, group * PanelLayout.VectorBytes));
            else Unpack(group);
        }

        for (var token = 0; token < tokens; token++)
        {
            if (panels > 1) a.vpbroadcastd(Named.Repeated, Dword(At(token, x)));
            for (var panel = 0; panel < panels; panel++)
            {
                if (panels > 1) a.vpdpbusd(Dots(token, panel), Named.Code(panel), Named.Repeated);
                else a.vpdpbusd(Dots(token, panel), Named.Code(panel), Repeat(At(token, x)));
            }
        }
    }

    /// <summary>The codes of a group from their planes.</summary>
    void Unpack(int group)
    {
        var (code, from, at) = (Named.Code(0), 0, 0);
        foreach (var bits in layout.Planes)
        {
            var (plane, mask) = from == 0 ? (Named.Plane, Named.Mask) : (Named.HighPlane, Named.HighMask);
            var (place, groups) = (group % (8 / bits), 8 / bits);
            if (place == 0)
                a.vmovdqu32(plane, __zmmword_ptr[Codes + (at + (group / groups * PanelLayout.VectorBytes))]);
            if (from == 0)
            {
                if (place > 0) a.vpsrld(code, plane, (byte)(place * bits));
                a.vpandd(code, place > 0 ? code : plane, mask);
            }
            else
            {
                a.vprold(Named.Repeated, plane, (byte)((from - (place * bits)) & 31));
                a.vpternlogd(code, Named.Repeated, mask, 0xF8);   // code | (rotated & mask)
            }

            from += bits;
            at += bits * PanelLayout.VectorBytes;
        }
    }

    /// <summary>The scales or minima of 16 rows as floats: number <paramref name="index"/> of the part.</summary>
    void Scales(AssemblerRegisterZMM to, int panel, int index, AssemblerRegisterZMM super)
    {
        switch (layout.Scales)
        {
            case PanelScales.Floats:
                a.vmovups(to, OfPanel(Header, panel, index * PanelLayout.VectorBytes));
                break;
            case PanelScales.Halves:
                a.vcvtph2ps(to, __ymmword_ptr[Header + (index * PanelLayout.Rows * sizeof(ushort))]);
                break;
            default:
                a.vpmovsxbd(to, __xmmword_ptr[Header + (index * PanelLayout.Rows)]);
                a.vcvtdq2ps(to, to);
                a.vmulps(to, to, super);
                break;
        }
    }

    void ForAll(Action<int, int> emit)
    {
        for (var token = 0; token < tokens; token++)
            for (var panel = 0; panel < panels; panel++) emit(token, panel);
    }
}
