using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Quant;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Homegrown.Kernels.Emit;

/// <summary>
/// Adds the rests of one part to outputs, for tokens anywhere among many: group after group from a list of their numbers. With
/// many tokens a part has rests for some of them only, and this multiplies no others.
/// </summary>
sealed class RestEmitter : PartEmitter
{
    static readonly AssemblerRegister64[] Tokens = [rax, rcx, rdx, r8, r9, r11];
    static readonly AssemblerRegister64 List = rbx;

    RestEmitter(PanelLayout layout, int panels, int tokens)
        : base(layout, panels, tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(layout.Bits == 8 && layout.Scales == PanelScales.Floats, true, nameof(layout));
    }

    protected override AssemblerRegister64 Header => rbp;

    internal static CodePage Emit(PanelLayout layout, int panels, int tokens)
    {
        var emitter = new RestEmitter(layout, panels, tokens);
        emitter.Kernel();
        return new CodePage(emitter.a);
    }

    protected override AssemblerMemoryOperand At(int token, int offset) => __[Tokens[token] + offset];

    void Kernel()
    {
        var next = a.CreateLabel();
        Platform.Enter(a);
        a.push(rbx);
        a.push(rbp);
        a.mov(PanelBytes, __qword_ptr[Call + ProductCall.PanelBytesAt]);
        a.mov(Header, __qword_ptr[Call + ProductCall.PanelAt]);
        a.mov(List, __qword_ptr[Call + ProductCall.ListAt]);
        a.Label(ref next);
        for (var token = 0; token < tokens; token++)
        {
            Place(r10, token, ProductCall.YAt, ProductCall.YBytesAt);
            for (var panel = 0; panel < panels; panel++) a.vmovups(Sums(token, panel), __zmmword_ptr[r10 + (panel * PanelLayout.VectorBytes)]);
            Place(Tokens[token], token, ProductCall.XAt, ProductCall.XBytesAt);
        }

        a.lea(Codes, __[Header + layout.HeaderBytes]);
        Products(PartCodes.RestsAt, PartCodes.RestSumsAt, PartCodes.RestScaleAt);
        for (var token = 0; token < tokens; token++)
        {
            Place(r10, token, ProductCall.YAt, ProductCall.YBytesAt);
            for (var panel = 0; panel < panels; panel++) a.vmovups(__zmmword_ptr[r10 + (panel * PanelLayout.VectorBytes)], Sums(token, panel));
        }

        a.add(List, tokens * sizeof(int));
        a.dec(__qword_ptr[Call + ProductCall.ListedAt]);
        a.jne(next);
        a.vzeroupper();
        a.pop(rbp);
        a.pop(rbx);
        Platform.Leave(a);
    }

    /// <summary>start + number * bytes, for the token whose number stands in the list.</summary>
    void Place(AssemblerRegister64 to, int token, int start, int bytes)
    {
        a.movsxd(to, __dword_ptr[List + (token * sizeof(int))]);
        a.imul(to, __qword_ptr[Call + bytes]);
        a.add(to, __qword_ptr[Call + start]);
    }
}
