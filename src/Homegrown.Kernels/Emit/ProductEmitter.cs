using System.Numerics;
using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Quant;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Homegrown.Kernels.Emit;

/// <summary>
/// The product of neighbouring tokens with a panel or two, sums in registers from the first part to the last: first the codes of all
/// parts, with the minima's share, then the rests of the parts in the call's list.
/// </summary>
sealed class ProductEmitter : PartEmitter
{
    static readonly AssemblerRegister64 X = rax, X3 = r8, XBytes = rcx, Parts = r11, List = rdx, Temp = rbx;

    readonly int prefetchBytes;
    readonly bool adds;

    ProductEmitter(PanelLayout layout, int panels, int tokens, int prefetchBytes, bool adds)
        : base(layout, panels, tokens) => (this.prefetchBytes, this.adds) = (prefetchBytes, adds);

    protected override AssemblerRegister64 Header => r9;

    /// <param name="prefetchBytes">How far ahead the codes are fetched; 0 leaves it to the processor.</param>
    /// <param name="adds">Sums go on from what the outputs hold: the call is one of some, each for a stretch of the parts.</param>
    internal static CodePage Emit(PanelLayout layout, int panels, int tokens, int prefetchBytes = 0, bool adds = false)
    {
        var emitter = new ProductEmitter(layout, panels, tokens, prefetchBytes, adds);
        emitter.Kernel();
        return new CodePage(emitter.a);
    }

    /// <summary>Two pointers and the scales of addressing reach six rows.</summary>
    protected override AssemblerMemoryOperand At(int token, int offset)
    {
        var start = token < 3 ? X : X3;
        return (token % 3) switch
        {
            0 => __[start + offset],
            1 => __[start + XBytes + offset],
            _ => __[start + (XBytes * 2) + offset],
        };
    }

    void Kernel()
    {
        Platform.Enter(a);
        a.push(Temp);
        a.mov(PanelBytes, __qword_ptr[Call + ProductCall.PanelBytesAt]);
        if (adds) ForOutputs((sums, output) => a.vmovups(sums, output));
        else ForAll((token, panel) => a.vpxord(Sums(token, panel), Sums(token, panel), Sums(token, panel)));
        a.mov(XBytes, __qword_ptr[Call + ProductCall.XBytesAt]);
        Constants();
        AllCodes();
        ListedRests();
        ForOutputs((sums, output) => a.vmovups(output, sums));
        a.vzeroupper();
        a.pop(Temp);
        Platform.Leave(a);
    }

    void ForOutputs(Action<AssemblerRegisterZMM, AssemblerMemoryOperand> emit)
    {
        a.mov(X, __qword_ptr[Call + ProductCall.YAt]);
        a.mov(XBytes, __qword_ptr[Call + ProductCall.YBytesAt]);
        a.lea(X3, __[XBytes + (XBytes * 2)]);
        a.add(X3, X);
        ForAll((token, panel) => emit(Sums(token, panel), __zmmword_ptr[At(token, panel * PanelLayout.VectorBytes)]));
    }

    /// <summary>To the first part: what follows a group's end is the next one's header.</summary>
    void Start()
    {
        a.mov(Codes, __qword_ptr[Call + ProductCall.PanelAt]);
        a.mov(X, __qword_ptr[Call + ProductCall.XAt]);
        a.lea(X3, __[XBytes + (XBytes * 2)]);
        a.add(X3, X);
    }

    void AllCodes()
    {
        var (next, inside) = (a.CreateLabel(), a.CreateLabel());
        Start();
        a.mov(Parts, __qword_ptr[Call + ProductCall.PartsAt]);
        a.Label(ref next);
        if (layout.GroupParts > 1)
        {
            a.test(r11d, layout.GroupParts - 1);
            a.jne(inside);
        }

        BeginGroup();
        if (layout.GroupParts > 1) a.Label(ref inside);
        Products(0, PartCodes.CodeSumsAt, PartCodes.ScaleAt);
        for (var min = 0; min < layout.Minima; min++)
        {
            var sum = layout.Minima == 1 ? PartCodes.SumAt : min == 0 ? PartCodes.FirstSumAt : PartCodes.SecondSumAt;
            for (var panel = 0; panel < panels; panel++) Scales(Min(panel), panel, layout.PerPart + min);
            ForAll((token, panel) => a.vfmadd231ps(Sums(token, panel), Min(panel), Repeat(At(token, sum))));
        }

        a.add(Codes, layout.CodeBytes);
        if (layout.GroupParts > 1) a.add(Header, layout.PartBytes);
        a.add(X, PartCodes.Size);
        a.add(X3, PartCodes.Size);
        a.dec(Parts);
        a.jne(next);
    }

    /// <summary>From a group's header, where Codes stands, to its first part.</summary>
    void BeginGroup()
    {
        a.mov(Header, Codes);
        a.add(Codes, layout.HeaderBytes);
        for (var ahead = 0; prefetchBytes > 0 && ahead < layout.GroupBytes; ahead += PanelLayout.VectorBytes) a.prefetcht0(__[Header + (prefetchBytes + ahead)]);
        if (!layout.HasSuper) return;
        a.vcvtph2ps(Super, __ymmword_ptr[Header]);
        if (layout.HasMin) a.vcvtph2ps(SuperMin, __ymmword_ptr[Header + (layout.SuperBytes / 2)]);
        a.add(Header, layout.SuperBytes);
    }

    /// <summary>Tokens without rests in a listed part add 0.</summary>
    void ListedRests()
    {
        var (next, done) = (a.CreateLabel(), a.CreateLabel());
        a.cmp(__qword_ptr[Call + ProductCall.ListedAt], 0);
        a.je(done);
        a.mov(List, __qword_ptr[Call + ProductCall.ListAt]);
        a.Label(ref next);
        Start();
        a.mov(r11d, __dword_ptr[List]);
        a.add(List, sizeof(int));
        if (layout.GroupParts == 1)
        {
            Advance(Codes, layout.GroupBytes);
            BeginGroup();
        }
        else
        {
            a.mov(Temp, Parts);
            a.shr(Temp, (byte)BitOperations.Log2((uint)layout.GroupParts));
            a.imul(Temp, Temp, layout.GroupBytes);
            a.add(Codes, Temp);
            BeginGroup();
            a.mov(Temp, Parts);
            a.and(Temp, layout.GroupParts - 1);
            a.imul(Temp, Temp, layout.PartBytes);
            a.add(Header, Temp);
            a.mov(Temp, Parts);
            a.and(Temp, layout.GroupParts - 1);
            a.imul(Temp, Temp, layout.CodeBytes);
            a.add(Codes, Temp);
        }

        Advance(X, PartCodes.Size);
        Advance(X3, PartCodes.Size);
        Products(PartCodes.RestsAt, PartCodes.RestSumsAt, PartCodes.RestScaleAt);
        a.dec(__qword_ptr[Call + ProductCall.ListedAt]);
        a.jne(next);
        a.Label(ref done);

        void Advance(AssemblerRegister64 pointer, int bytes)
        {
            a.imul(Temp, Parts, bytes);
            a.add(pointer, Temp);
        }
    }
}
