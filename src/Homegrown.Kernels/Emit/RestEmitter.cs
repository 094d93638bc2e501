using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Quant;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Homegrown.Kernels.Emit;

/// <summary>
/// Adds rests to outputs: for each entry of a list, those of one part of one token. Entries come part after part, so that a part's
/// codes are in the first cache level for the tokens that have rests there. An entry needs nothing of the one before, and is short
/// enough for the processor to begin the next ones meanwhile.
/// </summary>
sealed class RestEmitter : PartEmitter
{
    static readonly AssemblerRegister64 Entry = rcx, Left = r11, X = r8, Y = rdx, Number = rax;

    RestEmitter(PanelLayout layout, int panels)
        : base(layout, panels, tokens: 1)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(layout.Bits == 8 && layout.Scales == PanelScales.Floats, true, nameof(layout));
    }

    protected override AssemblerRegister64 Header => r9;

    internal static CodePage Emit(PanelLayout layout, int panels)
    {
        var emitter = new RestEmitter(layout, panels);
        emitter.Kernel();
        return new CodePage(emitter.a);
    }

    protected override AssemblerMemoryOperand At(int token, int offset) => __[X + offset];

    void Kernel()
    {
        var next = a.CreateLabel();
        Platform.Enter(a);
        a.mov(PanelBytes, __qword_ptr[Call + ProductCall.PanelBytesAt]);
        a.mov(Entry, __qword_ptr[Call + ProductCall.ListAt]);
        a.mov(Left, __qword_ptr[Call + ProductCall.ListedAt]);
        a.Label(ref next);
        a.movzx(eax, __word_ptr[Entry + RestEntry.PartAt]);
        a.imul(Header, Number, layout.GroupBytes);
        a.add(Header, __qword_ptr[Call + ProductCall.PanelAt]);
        a.lea(Codes, __[Header + layout.HeaderBytes]);
        a.imul(X, Number, PartCodes.Size);
        a.add(X, __qword_ptr[Call + ProductCall.XAt]);
        a.movzx(eax, __word_ptr[Entry + RestEntry.TokenAt]);
        a.mov(Y, Number);
        a.imul(Y, __qword_ptr[Call + ProductCall.YBytesAt]);
        a.add(Y, __qword_ptr[Call + ProductCall.YAt]);
        a.imul(Number, __qword_ptr[Call + ProductCall.XBytesAt]);
        a.add(X, Number);
        for (var panel = 0; panel < panels; panel++) a.vmovups(Sums(0, panel), __zmmword_ptr[Y + (panel * PanelLayout.VectorBytes)]);
        Products(PartCodes.RestsAt, PartCodes.RestSumsAt, PartCodes.RestScaleAt);
        for (var panel = 0; panel < panels; panel++) a.vmovups(__zmmword_ptr[Y + (panel * PanelLayout.VectorBytes)], Sums(0, panel));
        a.add(Entry, RestEntry.Size);
        a.dec(Left);
        a.jne(next);
        a.vzeroupper();
        Platform.Leave(a);
    }
}
