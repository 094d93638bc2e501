using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Products of many tokens in tiles of bfloat16, whatever the weights are stored as: some panels are unpacked into the second cache
/// level and multiplied with all tokens, in stretches of columns that the first cache level holds.
/// </summary>
static unsafe class AmxProducts
{
    /// <summary>
    /// From so many tokens on: unpacking 16 rows costs about what 10 to 14 tiles of 16 tokens cost, and the kernels for few tokens
    /// need no unpacking. Counted, not measured.
    /// </summary>
    internal const int MinTokens = 32;

    /// <summary>Steps of columns of two panels that leave room in 48 kB for the tokens that stream by: 28 kB.</summary>
    const int StretchSteps = 14;

    const int Rows = PanelLayout.Rows, BlockRows = AmxCall.BlockRows, BlockTokens = AmxCall.BlockTokens;

    /// <summary>By tiles of tokens, then for panels.</summary>
    static readonly EmittedKernels[] Kernels = [new(panels => AmxEmitter.Emit(1, panels)), new(panels => AmxEmitter.Emit(2, panels))];

    /// <summary>The product of so many tokens takes activations as <see cref="AmxRows"/>, for all parts that are not F32.</summary>
    internal static bool Serve(Compute compute, int tokens, Matrix w)
    {
        if (compute.Tier != Tier.Amx || compute.Exact || tokens < MinTokens || w.Columns % AmxCall.StepColumns != 0) return false;
        foreach (ref readonly var part in w.Parts.AsSpan())
            if (part.Weight.Type != TensorType.F32) return true;
        return false;
    }

    /// <summary>As <see cref="Product.Run"/>; <paramref name="product"/> unpacks.</summary>
    internal static void Run(Product product, in Operands operands, Weight w, int first, int count, int column)
    {
        var steps = w.Columns / AmxCall.StepColumns;
        var (panelBytes, panels) = ((long)steps * AmxCall.TileBytes, (count + Rows - 1) / Rows);
        var memory = Scratch.Take(panels * panelBytes);
        for (var p = 0; p < panels; p++) product.UnpackPairs(w, first + (p * Rows), memory + (p * panelBytes));
        for (var t = 0; t < operands.Tokens; t++) new Span<float>(operands.Y.RowPointer(t) + column, count).Clear();
        for (var step = 0; step < steps; step += StretchSteps)
        {
            for (var r = 0; r < count; r += BlockRows)
            {
                var call = new AmxCall
                {
                    XTileBytes = operands.Tiles.TileBytes,
                    Pairs = (ushort*)(memory + (r / Rows * panelBytes) + ((long)step * AmxCall.TileBytes)),
                    PanelBytes = panelBytes,
                    YBytes = (long)operands.Y.Stride * sizeof(float),
                    Steps = Math.Min(StretchSteps, steps - step),
                };
                var (rows, whole) = (Math.Min(BlockRows, count - r), operands.Tokens / BlockTokens * BlockTokens);
                Add(operands, ref call, step, 0, whole, rows, column + r);
                Add(operands, ref call, step, whole, operands.Tokens - whole, rows, column + r);
            }
        }
    }

    /// <summary>Whole blocks of tokens, or the rest of one.</summary>
    static void Add(in Operands operands, ref AmxCall call, int step, int token, int tokens, int rows, int column)
    {
        if (tokens == 0) return;
        call.X = operands.Tiles.Tile(token, step);
        call.Y = operands.Y.RowPointer(token) + column;
        call.Blocks = Math.Max(1, tokens / BlockTokens);
        call.Shape(Math.Min(BlockTokens, tokens), rows);
        fixed (AmxCall* pointer = &call)
        {
            if (CpuFeatures.HasAmxBf16) Kernels[tokens > Rows ? 1 : 0].Run(rows > Rows ? 2 : 1, pointer);
            else AmxTwin.Run(pointer);
        }
    }
}
