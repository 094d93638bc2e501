using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Products of floats by emitted kernels. Few tokens take row after row, one stream of memory; many take tiles of four rows by six
/// tokens, a block of tokens at a time.
/// </summary>
static unsafe class EmittedFloats
{
    /// <summary>Of activations that stay in the second cache level while all rows of a part are multiplied.</summary>
    const int BlockBytes = 384 << 10;

    const int MaxTokens = PartEmitter.MaxTokens, MaxRows = FloatEmitter.MaxRows, PrefetchBytes = 2048;

    static readonly EmittedKernels[] Rows = Kernels(1, PrefetchBytes), Tiles = Kernels(MaxRows, 0);

    /// <summary>By kind.</summary>
    static EmittedKernels[] Kernels(int rows, int prefetchBytes)
        => [.. Enum.GetValues<FloatProductKind>().Select(kind => new EmittedKernels(tokens => FloatEmitter.Emit(kind, rows, tokens, prefetchBytes)))];

    /// <summary>Products of this weight are emitted.</summary>
    internal static bool Serve(Compute compute, Weight w)
        => compute.Tier == Tier.Emitted && w.Columns > 0 && w.Columns % FloatEmitter.ColumnGroup == 0 && w.Type is TensorType.F32 or TensorType.F16 or TensorType.BF16;

    /// <summary>They take activations in bfloat16.</summary>
    internal static bool TakeBrainRows(Compute compute, Weight w)
        => w.Type == TensorType.BF16 && !compute.Exact && CpuFeatures.HasAvx512BrainFloats && Serve(compute, w);

    internal static void Run(in Operands operands, Weight w, int first, int count, int column)
    {
        var pairs = TakeBrainRows(operands.X.Compute, w);
        var kind = pairs ? FloatProductKind.BrainFloatPairs
            : w.Type == TensorType.BF16 ? FloatProductKind.BrainFloats
            : w.Type == TensorType.F16 ? FloatProductKind.Halves
            : FloatProductKind.Singles;
        var call = new ProductCall
        {
            PanelBytes = w.RowBytes,
            XBytes = pairs ? operands.Brains.RowBytes : (long)operands.X.Stride * sizeof(float),
            YBytes = (long)operands.Y.Stride * sizeof(float),
            Parts = w.Columns / FloatEmitter.Columns(kind),
        };
        var block = operands.Tokens <= MaxTokens ? MaxTokens : (int)Math.Max(4, BlockBytes / (MaxTokens * call.XBytes)) * MaxTokens;
        for (var from = 0; from < operands.Tokens; from += block)
        {
            var end = Math.Min(from + block, operands.Tokens);
            for (var r = 0; r < count;)
            {
                var rows = operands.Tokens > MaxTokens && count - r >= MaxRows ? MaxRows : 1;
                var kernels = (rows == 1 ? Rows : Tiles)[(int)kind];
                call.Panel = w.Data + ((first + r) * w.RowBytes);
                for (var t = from; t < end; t += MaxTokens)
                {
                    call.X = (PartCodes*)(pairs ? operands.Brains.Row(t) : (ushort*)operands.X.RowPointer(t));
                    call.Y = operands.Y.RowPointer(t) + column + r;
                    kernels.Run(Math.Min(MaxTokens, end - t), &call);
                }

                r += rows;
            }
        }
    }
}
