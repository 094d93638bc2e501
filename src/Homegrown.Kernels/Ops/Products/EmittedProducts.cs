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
    /// <summary>From this many tokens on unpacking first pays, measured.</summary>
    const int ManyTokens = 7;

    const int Rows = PanelLayout.Rows, PrefetchBytes = 1024;

    static readonly EmittedKernels? Packed = Panels<TFormat>.Packed is { } layout ? new(layout, 1, PrefetchBytes) : null;
    static readonly EmittedKernels Single = new(Panels<TFormat>.Unpacked, 1), Double = new(Panels<TFormat>.Unpacked, 2);

    internal static void Run(in Operands operands, Weight w, int first, int count, int column)
    {
        if (w.Panels is { } layout && operands.Tokens < ManyTokens)
        {
            for (var r = 0; r < count; r += Rows)
            {
                var panel = new Panel(w.Data + ((first + r) / Rows * layout.PanelBytes(w.Columns)), layout, w.Columns);
                Multiply(Packed!, operands, panel, 0, 0, operands.Tokens, column + r, Math.Min(Rows, count - r));
            }

            return;
        }

        var unpacked = Panels<TFormat>.Unpacked;
        var panelBytes = unpacked.PanelBytes(w.Columns);
        var panels = (count + Rows - 1) / Rows;
        var memory = Scratch.Take(panels * panelBytes);
        for (var p = 0; p < panels; p++) Panels<TFormat>.Unpack(w, first + (p * Rows), memory + (p * panelBytes));
        for (var t = 0; t < operands.Tokens; t += ProductEmitter.MaxTokens)
        {
            var tokens = Math.Min(ProductEmitter.MaxTokens, operands.Tokens - t);
            for (var r = 0; r < count; r += 2 * Rows)
            {
                var panel = new Panel(memory + (r / Rows * panelBytes), unpacked, w.Columns);
                Multiply(count - r > Rows ? Double : Single, operands, panel, panelBytes, t, tokens, column + r, Math.Min(2 * Rows, count - r));
            }
        }
    }

    /// <param name="rows">Outputs of a token: where they are no whole panels, the kernel writes elsewhere and they are copied.</param>
    static void Multiply(EmittedKernels kernels, in Operands operands, Panel panel, long panelBytes, int token, int tokens, int column, int rows)
    {
        var whole = rows % Rows == 0;
        var outputs = stackalloc float[whole ? 1 : ProductEmitter.MaxTokens * 2 * Rows];
        var call = new ProductCall
        {
            Header = panel.Header,
            Codes = panel.Codes,
            PanelBytes = panelBytes,
            X = operands.Quantized.Row(token),
            XBytes = operands.Quantized.RowBytes,
            Y = whole ? operands.Y.RowPointer(token) + column : outputs,
            YBytes = sizeof(float) * (whole ? operands.Y.Stride : 2 * Rows),
            Parts = operands.X.Columns / Blocks.PartSize,
        };
        kernels.Run(tokens, &call);
        for (var t = 0; t < tokens && !whole; t++) new ReadOnlySpan<float>(outputs + (t * 2 * Rows), rows).CopyTo(new(operands.Y.RowPointer(token + t) + column, rows));
    }
}
