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
    /// <summary>Parts of two unpacked panels, and of a tile's tokens, that fit the first cache level.</summary>
    const int StretchParts = 28;

    const int Rows = PanelLayout.Rows, MaxTokens = PartEmitter.MaxTokens, PrefetchBytes = 1024;

    static readonly PanelLayout Unpacked = Panels<TFormat>.Unpacked;
    static readonly int GroupBytes = Unpacked.GroupBytes;
    static readonly EmittedKernels Packed = new(tokens => ProductEmitter.Emit(Panels<TFormat>.Packed ?? Unpacked, 1, tokens, PrefetchBytes));
    static readonly EmittedKernels Stored = new(tokens => ProductEmitter.Emit(Unpacked, 1, tokens));
    static readonly EmittedKernels[] FirstCodes = [.. ForPanels((panels, tokens) => ProductEmitter.Emit(Unpacked, panels, tokens))];
    static readonly EmittedKernels[] FurtherCodes = [.. ForPanels((panels, tokens) => ProductEmitter.Emit(Unpacked, panels, tokens, adds: true))];
    static readonly EmittedKernels[] Rests = [.. ForPanels((panels, _) => RestEmitter.Emit(Unpacked, panels))];

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
        var panelBytes = (w.Panels ?? Unpacked).PanelBytes(w.Columns);
        var unpacked = w.Panels is null ? Scratch.Take(panelBytes) : null;
        var outputs = stackalloc float[MaxTokens * Rows];
        var call = Call(operands, w);
        for (var r = 0; r < count; r += Rows)
        {
            if (unpacked != null) Panels<TFormat>.Unpack(w, first + r, unpacked);
            call.Panel = unpacked != null ? unpacked : w.Data + ((first + r) / Rows * panelBytes);
            var whole = count - r >= Rows;
            for (var t = 0; t < operands.Tokens; t += MaxTokens)
            {
                var tokens = Math.Min(MaxTokens, operands.Tokens - t);
                var parts = operands.Rests.Parts(t / MaxTokens);
                call.X = operands.Quantized.Row(t);
                call.Listed = *parts++;
                call.List = parts;
                call.Y = whole ? operands.Y.RowPointer(t) + column + r : outputs;
                call.YBytes = sizeof(float) * (whole ? operands.Y.Stride : Rows);
                (w.Panels is null ? Stored : Packed).Run(tokens, &call);
                for (var i = 0; i < tokens && !whole; i++) new ReadOnlySpan<float>(outputs + (i * Rows), count - r).CopyTo(new(operands.Y.RowPointer(t + i) + column + r, count - r));
            }
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
        var block = RestLists.BlockTokens(operands.Quantized);
        for (var t = 0; t < operands.Tokens; t += block)
        {
            AddCodes(operands, call, memory, panels, t, Math.Min(t + block, operands.Tokens));
            AddRests(operands, call, memory, panels, t, operands.Rests.Entries(t / block));
        }

        for (var t = 0; t < operands.Tokens && !whole; t++) new ReadOnlySpan<float>(call.Y + ((long)t * panels * Rows), count).CopyTo(new(operands.Y.RowPointer(t) + column, count));
    }

    static ProductCall Call(in Operands operands, Weight w) => new()
    {
        X = operands.Quantized.Row(0),
        XBytes = operands.Quantized.RowBytes,
        Parts = w.Columns / Blocks.PartSize,
    };

    /// <summary>Some parts of two panels, which the first cache level then holds for all tokens, tile after tile.</summary>
    static void AddCodes(in Operands operands, ProductCall call, byte* memory, int panels, int from, int end)
    {
        var y = (byte*)call.Y;
        var parts = (int)call.Parts;
        for (var part = 0; part < parts; part += StretchParts)
        {
            call.Parts = Math.Min(StretchParts, parts - part);
            var codes = part == 0 ? FirstCodes : FurtherCodes;
            for (var p = 0; p < panels; p += 2)
            {
                call.Panel = memory + (p * call.PanelBytes) + (part * GroupBytes);
                for (var t = from; t < end; t += MaxTokens)
                {
                    call.X = operands.Quantized.Row(t) + part;
                    call.Y = (float*)(y + (t * call.YBytes)) + (p * Rows);
                    codes[Math.Min(1, panels - p - 1)].Run(Math.Min(MaxTokens, end - t), &call);
                }
            }
        }
    }

    /// <summary>After the codes, so that an output is the same sum whoever is beside it.</summary>
    /// <param name="from">The block's first token.</param>
    static void AddRests(in Operands operands, ProductCall call, byte* memory, int panels, int from, int* list)
    {
        call.Listed = list[0];
        call.List = list + 1;
        if (call.Listed == 0) return;
        call.X = operands.Quantized.Row(from);
        var y = (float*)((byte*)call.Y + (from * call.YBytes));
        for (var p = 0; p < panels; p += 2)
        {
            call.Panel = memory + (p * call.PanelBytes);
            call.Y = y + (p * Rows);
            Rests[Math.Min(1, panels - p - 1)].Run(1, &call);
        }
    }
}
