using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Products of floats by emitted kernels. One token takes row after row, one stream of memory; more take tiles of four rows by six
/// tokens, whose activations stay in the first cache level while the rows come from the second.
/// </summary>
static unsafe class EmittedFloats
{
    const int MaxTokens = PartEmitter.MaxTokens, MaxRows = FloatEmitter.MaxRows, PrefetchBytes = 512;

    static readonly EmittedKernels[] Rows = Kernels(1, PrefetchBytes), Tiles = Kernels(MaxRows, 0);

    /// <summary>By kind.</summary>
    static EmittedKernels[] Kernels(int rows, int prefetchBytes)
        => [.. Enum.GetValues<FloatProductKind>().Select(kind => new EmittedKernels(tokens => FloatEmitter.Emit(kind, rows, tokens, prefetchBytes)))];

    /// <summary>Products of this weight are emitted.</summary>
    internal static bool Serve(Compute compute, Weight w)
        => compute.Tier >= Tier.Emitted && w.Columns > 0 && w.Columns % FloatEmitter.PartColumns == 0 && w.Type is TensorType.F32 or TensorType.F16 or TensorType.BF16;

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
            Parts = w.Columns / FloatEmitter.PartColumns,
        };
        for (var t = 0; t < operands.Tokens; t += MaxTokens)
        {
            var tokens = Math.Min(MaxTokens, operands.Tokens - t);
            call.X = (PartCodes*)(pairs ? operands.Brains.Row(t) : (ushort*)operands.X.RowPointer(t));
            if (!pairs && tokens > 1) Copy(operands.X, t, tokens, ref call);
            var tiled = operands.Tokens > 1 ? count / MaxRows : 0;
            call.Panel = w.Data + (first * w.RowBytes);
            call.Y = operands.Y.RowPointer(t) + column;
            Multiply(Tiles[(int)kind], call, tokens, 0, tiled);
            Multiply(Rows[(int)kind], call, tokens, tiled * MaxRows, count - (tiled * MaxRows));
        }
    }

    static void Multiply(EmittedKernels kernels, ProductCall call, int tokens, int from, int groups)
    {
        if (groups == 0) return;
        call.Panel += from * call.PanelBytes;
        call.Y += from;
        call.Listed = groups;
        kernels.Run(tokens, &call);
    }

    /// <summary>Rows of activations to where their columns do not meet in the first cache level.</summary>
    static void Copy(Tensor x, int first, int tokens, ref ProductCall call)
    {
        call.XBytes = BrainRows.Padded((long)x.Columns * sizeof(float));
        var copy = Scratch.Take(tokens * call.XBytes);
        for (var t = 0; t < tokens; t++) new ReadOnlySpan<float>(x.RowPointer(first + t), x.Columns).CopyTo(new(copy + (t * call.XBytes), x.Columns));
        call.X = (PartCodes*)copy;
    }
}
