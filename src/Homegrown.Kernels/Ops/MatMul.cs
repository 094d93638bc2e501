using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Matrix products of activations with stored weights. An output depends on its row of x and its row of w alone: on neither the
/// threads nor the other tokens of the call, to the bit; with AMX, only on whether these are many (<see cref="AmxProducts.MinTokens"/>).
/// </summary>
public static class MatMul
{
    /// <summary>
    /// Of a chunk of a product with few tokens: a microsecond or two, which is what threads wait for each other at the end. A thread's
    /// chunks are neighbours, so that small ones do not break its stream of memory.
    /// </summary>
    const int ChunkBytes = 32 << 10;

    /// <summary>Of the next matrix that a thread fetches at most: a quarter or half of the second cache level.</summary>
    const int AheadBytes = 256 << 10;

    /// <summary>Rows of a chunk are a multiple of this: whole panels.</summary>
    const int RowGroup = 16;

    /// <summary>Rows of a chunk where tokens are many: their codes unpacked fit the second cache level beside the tokens.</summary>
    const int PanelRows = 64;

    /// <summary>y[t, r] = sum over c of x[t, c] * w[r, c]: [tokens, columns] to [tokens, rows].</summary>
    /// <exception cref="ArgumentException">x and w have different columns.</exception>
    public static Tensor Forward(Tensor x, Matrix w) => Forward(x, w, default(Nothing));

    /// <summary>The product of activation(gate) * up, which takes the gate's place: [tokens, 2 * columns] to [tokens, rows].</summary>
    /// <exception cref="ArgumentException">gateUp has not twice the columns of w.</exception>
    public static Tensor Forward(Tensor gateUp, Gate gate, Matrix w)
    {
        if (gateUp.Columns != 2 * w.Columns) throw new ArgumentException($"gateUp has {gateUp.Columns} columns, w has {w.Columns}: not twice as many.", nameof(gateUp));
        var x = gateUp.Slice(0, w.Columns);
        if (gate == Gate.Silu) return Forward(x, w, new SwiGlu.Kernel(gateUp, x));
        Gated.Forward(gateUp, gate, x);
        return Forward(x, w);
    }

    /// <param name="before">Makes the rows of x. Where they are only quantized, each is while the first cache level has it.</param>
    static Tensor Forward<TBefore>(Tensor x, Matrix w, TBefore before)
        where TBefore : struct, IRowKernel
    {
        if (x.Columns != w.Columns) throw new ArgumentException($"x has {x.Columns} columns, w has {w.Columns}.", nameof(x));
        var compute = x.Compute;
        var y = compute.Rent(x.Rows, w.Rows);
        if (x.Rows == 0) return y;
        using var scratch = compute.Scope();
        var tiled = AmxProducts.Serve(compute, x.Rows, w);
        var rounded = w.TakesBrainRows(compute) && !tiled;
        var (coded, fine) = compute.Exact || tiled ? (false, false) : (w.HasCodes, w.HasFineCodes);
        if (rounded || coded == fine)
        {
            if (typeof(TBefore) != typeof(Nothing)) RowKernels.Run(compute, x.Rows, x.Columns, before);
            return Multiply(x, w, y, rounded ? BrainRows.From(x) : default, tiled ? AmxRows.From(x) : default, coded, fine, default(Nothing));
        }

        return Multiply(x, w, y, default, default, coded, fine, before);
    }

    static Tensor Multiply<TBefore>(Tensor x, Matrix w, Tensor y, BrainRows brains, AmxRows tiles, bool coded, bool fine, TBefore before)
        where TBefore : struct, IRowKernel
    {
        if (x.Rows <= Operands.FewTokens) Expect(x.Compute, w);
        var plain = new Operands(x, default, default, brains, tiles, y);
        var job = new Job(coded ? Quantized(plain, fine: false, before) : plain, fine ? Quantized(plain, fine: true, before) : plain, w);
        x.Compute.Pool.Run(Chunks(w, x.Rows), ref job);
        return y;
    }

    /// <summary>The same with x as codes too.</summary>
    static Operands Quantized<TBefore>(in Operands plain, bool fine, TBefore before)
        where TBefore : struct, IRowKernel
    {
        var (x, compute) = (plain.X, plain.X.Compute);
        var rows = QuantizedRows.From(x, fine, before);
        return new(x, rows, compute.Tier >= Tier.Emitted ? RestLists.Of(compute, rows, x.Rows) : default, plain.Brains, plain.Tiles, plain.Y);
    }

    /// <summary>
    /// Lets threads that have nothing to do fetch the beginning of what they will read of the next product: of the matrix that
    /// followed this one last time.
    /// </summary>
    static unsafe void Expect(Compute compute, Matrix w)
    {
        if (compute.Latest is { } latest) latest.Follower = w;
        compute.Latest = w;
        if (w.Follower is not { } next) return;
        var chunks = Chunks(next, tokens: 1);
        for (var thread = 0; thread < compute.Threads; thread++)
        {
            var chunk = WorkerPool.FirstPart(thread, compute.Threads, chunks);
            if (chunk == chunks) break;
            var weight = Find(next, tokens: 1, ref chunk).Weight;
            var from = weight.At(chunk * ChunkRows(weight, tokens: 1));
            compute.Pool.Expect(thread, new(weight.Data + from, (int)Math.Min(AheadBytes, weight.At(weight.Rows) - from)));
        }
    }

    /// <summary>Rows of a part of the work, which is never of two parts of the matrix.</summary>
    static int ChunkRows(Weight weight, int tokens)
        => tokens >= PanelRows ? PanelRows : (int)Math.Max(ChunkBytes / (weight.RowBytes * RowGroup), 1) * RowGroup;

    static int Chunks(Weight weight, int tokens)
    {
        var rows = ChunkRows(weight, tokens);
        return (int)(((long)weight.Rows + rows - 1) / rows);
    }

    static int Chunks(Matrix w, int tokens)
    {
        var chunks = 0;
        foreach (ref readonly var part in w.Parts.AsSpan()) chunks += Chunks(part.Weight, tokens);
        return chunks;
    }

    /// <summary>The part of the matrix that a chunk is of; its number in the matrix becomes that in the part.</summary>
    static ref readonly Matrix.Part Find(Matrix w, int tokens, ref int chunk)
    {
        var index = 0;
        for (int chunks; chunk >= (chunks = Chunks(w.Parts[index].Weight, tokens)); index++) chunk -= chunks;
        return ref w.Parts[index];
    }

    /// <summary>Chunks of rows, part after part of the matrix.</summary>
    readonly struct Job(Operands operands, Operands fine, Matrix w) : IJob
    {
        public void Run(int chunk)
        {
            ref readonly var part = ref Find(w, operands.Tokens, ref chunk);
            var rows = ChunkRows(part.Weight, operands.Tokens);
            var first = chunk * rows;
            part.Product.Run(part.Weight.FineInputs ? fine : operands, part.Weight, first, Math.Min(rows, part.Weight.Rows - first), part.FirstRow + first);
        }
    }
}
