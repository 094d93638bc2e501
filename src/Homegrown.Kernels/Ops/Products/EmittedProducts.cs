using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Products of codes by emitted kernels. Few tokens are multiplied with the packed panels as they are, where reading them is the
/// work; for many, some panels are unpacked into the second cache level first, and then the multiplying is.
/// </summary>
static unsafe class EmittedProducts<TFormat>
    where TFormat : struct, ICodedFormat
{
    const int Rows = PanelLayout.Rows, MaxTokens = PartEmitter.MaxTokens, PrefetchBytes = 1024;

    static readonly PanelLayout Unpacked = Panels<TFormat>.Unpacked;
    static readonly EmittedKernels Few = new(tokens => ProductEmitter.Emit(Panels<TFormat>.Packed ?? Unpacked, 1, tokens, PrefetchBytes));
    static readonly EmittedKernels[] Many = [.. ForPanels((panels, tokens) => ProductEmitter.Emit(Unpacked, panels, tokens, 0))];
    static readonly EmittedKernels[] Rests = [.. ForPanels((panels, tokens) => RestEmitter.Emit(Unpacked, panels, tokens))];

    /// <summary>Kernels for one panel, and for two.</summary>
    static IEnumerable<EmittedKernels> ForPanels(Func<int, int, CodePage> emit)
        => Enumerable.Range(1, 2).Select(panels => new EmittedKernels(tokens => emit(panels, tokens)));

    internal static void Run(in Operands operands, Weight w, int first, int count, int column)
    {
        if (operands.Tokens <= Operands.FewTokens) RunFew(operands, w, first, count, column);
        else RunMany(operands, w, first, count, column);
    }

    static void RunFew(in Operands operands, Weight w, int first, int count, int column)
    {
        var layout = w.Panels ?? Unpacked;
        var unpacked = w.Panels is null ? Scratch.Take(Unpacked.PanelBytes(w.Columns)) : null;
        var outputs = stackalloc float[MaxTokens * Rows];
        var call = Call(operands, w);
        call.List = operands.Rests.Parts + 1;
        for (var r = 0; r < count; r += Rows)
        {
            if (unpacked != null) Panels<TFormat>.Unpack(w, first + r, unpacked);
            call.Panel = unpacked != null ? unpacked : w.Data + ((first + r) / Rows * layout.PanelBytes(w.Columns));
            call.Listed = *operands.Rests.Parts;
            var whole = count - r >= Rows;
            call.Y = whole ? operands.Y.RowPointer(0) + column + r : outputs;
            call.YBytes = sizeof(float) * (whole ? operands.Y.Stride : Rows);
            (w.Panels is null ? Many[0] : Few).Run(operands.Tokens, &call);
            for (var t = 0; t < operands.Tokens && !whole; t++) new ReadOnlySpan<float>(outputs + (t * Rows), count - r).CopyTo(new(operands.Y.RowPointer(t) + column + r, count - r));
        }
    }

    static void RunMany(in Operands operands, Weight w, int first, int count, int column)
    {
        var (panelBytes, panels, whole) = (Unpacked.PanelBytes(w.Columns), (count + Rows - 1) / Rows, count % Rows == 0);
        var memory = Scratch.Take((panels * panelBytes) + (whole ? 0 : (long)operands.Tokens * panels * Rows * sizeof(float)));
        for (var p = 0; p < panels; p++) Panels<TFormat>.Unpack(w, first + (p * Rows), memory + (p * panelBytes));
        // Kernels write whole panels: where the last one has fewer rows, elsewhere first.
        var call = Call(operands, w);
        call.PanelBytes = panelBytes;
        call.Y = whole ? operands.Y.RowPointer(0) + column : (float*)(memory + (panels * panelBytes));
        call.YBytes = sizeof(float) * (whole ? operands.Y.Stride : panels * Rows);
        AllCodes(operands, call, memory, panels);
        AllRests(operands, call, memory, panels);
        for (var t = 0; t < operands.Tokens && !whole; t++) new ReadOnlySpan<float>(call.Y + ((long)t * panels * Rows), count).CopyTo(new(operands.Y.RowPointer(t) + column, count));
    }

    static ProductCall Call(in Operands operands, Weight w) => new()
    {
        X = operands.Quantized.Row(0),
        XBytes = operands.Quantized.RowBytes,
        Parts = w.Columns / Blocks.PartSize,
    };

    /// <summary>Tile after tile of tokens, whose codes the first cache level then holds for all panels.</summary>
    static void AllCodes(in Operands operands, ProductCall call, byte* memory, int panels)
    {
        var y = call.Y;
        for (var t = 0; t < operands.Tokens; t += MaxTokens)
        {
            call.X = operands.Quantized.Row(t);
            for (var p = 0; p < panels; p += 2)
            {
                call.Panel = memory + (p * call.PanelBytes);
                call.Y = y + (t * (call.YBytes / sizeof(float))) + (p * Rows);
                Many[Math.Min(1, panels - p - 1)].Run(Math.Min(MaxTokens, operands.Tokens - t), &call);
            }
        }
    }

    /// <summary>Part after part, for the tokens that have rests there.</summary>
    static void AllRests(in Operands operands, ProductCall call, byte* memory, int panels)
    {
        var y = call.Y;
        for (var p = 0; p < panels; p += 2)
        {
            call.Panel = memory + (p * call.PanelBytes);
            call.Y = y + (p * Rows);
            call.X = operands.Quantized.Row(0);
            for (var part = 0; part < call.Parts; part++, call.X++, call.Panel += Unpacked.GroupBytes)
            {
                var list = operands.Rests.Tokens(part);
                var (groups, others) = Math.DivRem(*list, MaxTokens);
                Add(Rests[Math.Min(1, panels - p - 1)], call, list + 1, groups, MaxTokens);
                Add(Rests[Math.Min(1, panels - p - 1)], call, list + 1 + (groups * MaxTokens), 1, others);
            }
        }
    }

    static void Add(EmittedKernels kernels, ProductCall call, int* list, int groups, int tokens)
    {
        call.List = list;
        call.Listed = groups;
        if (groups * tokens > 0) kernels.Run(tokens, &call);
    }
}
