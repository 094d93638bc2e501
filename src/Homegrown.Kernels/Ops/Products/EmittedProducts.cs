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
    /// <summary>Of the tokens' codes that stay in the second cache level while panels, and then the rests, are multiplied.</summary>
    const int BlockBytes = 256 << 10;

    /// <summary>Parts of two unpacked panels, and of a tile's tokens, that fit the first cache level.</summary>
    const int StretchParts = 28;

    const int Rows = PanelLayout.Rows, MaxTokens = PartEmitter.MaxTokens, PrefetchBytes = 1024;

    static readonly PanelLayout Unpacked = Panels<TFormat>.Unpacked;
    static readonly EmittedKernels Packed = new(tokens => ProductEmitter.Emit(Panels<TFormat>.Packed ?? Unpacked, 1, tokens, PrefetchBytes));
    static readonly EmittedKernels Stored = new(tokens => ProductEmitter.Emit(Unpacked, 1, tokens));
    static readonly EmittedKernels[] FirstCodes = [.. ForPanels((panels, tokens) => ProductEmitter.Emit(Unpacked, panels, tokens))];
    static readonly EmittedKernels[] FurtherCodes = [.. ForPanels((panels, tokens) => ProductEmitter.Emit(Unpacked, panels, tokens, adds: true))];
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
        for (var r = 0; r < count; r += Rows)
        {
            if (unpacked != null) Panels<TFormat>.Unpack(w, first + r, unpacked);
            call.Panel = unpacked != null ? unpacked : w.Data + ((first + r) / Rows * layout.PanelBytes(w.Columns));
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
        var done = stackalloc int[(int)call.Parts];
        new Span<int>(done, (int)call.Parts).Clear();
        var block = (int)Math.Max(4, BlockBytes / (MaxTokens * call.XBytes)) * MaxTokens;
        for (var t = 0; t < operands.Tokens; t += block)
        {
            var end = Math.Min(t + block, operands.Tokens);
            AddCodes(operands, call, memory, panels, t, end);
            AddRests(operands, call, memory, panels, done, end);
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
                call.Panel = memory + (p * call.PanelBytes) + (part * Unpacked.GroupBytes);
                for (var t = from; t < end; t += MaxTokens)
                {
                    call.X = operands.Quantized.Row(t) + part;
                    call.Y = (float*)(y + (t * call.YBytes)) + (p * Rows);
                    codes[Math.Min(1, panels - p - 1)].Run(Math.Min(MaxTokens, end - t), &call);
                }
            }
        }
    }

    /// <summary>Part after part, for the tokens before <paramref name="end"/> that have rests there.</summary>
    /// <param name="done">How many tokens of each part's list are before this block: moved on.</param>
    static void AddRests(in Operands operands, ProductCall call, byte* memory, int panels, int* done, int end)
    {
        var y = call.Y;
        for (var part = 0; part < call.Parts; part++)
        {
            var list = operands.Rests.Tokens(part);
            var (first, count) = (done[part], 0);
            while (first + count < list[0] && list[1 + first + count] < end) count++;
            done[part] += count;
            call.X = operands.Quantized.Row(0) + part;
            for (var p = 0; p < panels; p += 2)
            {
                call.Panel = memory + (p * call.PanelBytes) + (part * Unpacked.GroupBytes);
                call.Y = y + (p * Rows);
                var (kernels, whole) = (Rests[Math.Min(1, panels - p - 1)], count / MaxTokens);
                Add(kernels, call, list + 1 + first, whole, MaxTokens);
                Add(kernels, call, list + 1 + first + (whole * MaxTokens), 1, count % MaxTokens);
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
