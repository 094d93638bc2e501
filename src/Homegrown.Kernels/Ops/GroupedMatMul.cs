using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Products of rows that are sorted by the matrix that multiplies them, all in one dispatch: threads share the chunks of all matrices,
/// so that a few rows on each of many are as balanced as many rows on one. An output is that of <see cref="MatMul"/>, to the bit.
/// </summary>
public static class GroupedMatMul
{
    /// <summary>y[i] = w[g] x[rows[i]] for ends[g - 1] &lt;= i &lt; ends[g]: [tokens, columns] to [ends[^1], rows].</summary>
    /// <param name="rows">Of x, for each product; at least ends[^1].</param>
    /// <param name="ends">For each matrix, one past the last of its products.</param>
    /// <exception cref="ArgumentException">Columns or numbers do not fit each other.</exception>
    public static Tensor Forward(Tensor x, int[] rows, MatrixGroup w, int[] ends)
    {
        if (x.Columns != w.Columns) throw new ArgumentException($"x has {x.Columns} columns, w has {w.Columns}.", nameof(x));
        if (rows.Length < ends[^1]) throw new ArgumentException($"{rows.Length} rows are named, {ends[^1]} are needed.", nameof(rows));
        var y = x.Compute.Rent(ends[^1], w.Rows);
        using var scratch = x.Compute.Scope();
        var sorted = x.Compute.Rent(y.Rows, x.Columns);
        Run(sorted, w, ends, y, new Gather(x, rows, sorted));
        return y;
    }

    /// <summary>Each row by the matrix of its place: [ends[^1], columns] to [ends[^1], rows].</summary>
    /// <inheritdoc cref="Forward(Tensor, int[], MatrixGroup, int[])"/>
    public static Tensor Forward(Tensor x, MatrixGroup w, int[] ends) => Forward(x, w, ends, default(Nothing));

    /// <summary>Likewise of activation(gate) * up, which takes the gate's place: [ends[^1], 2 * columns] to [ends[^1], rows].</summary>
    /// <inheritdoc cref="Forward(Tensor, int[], MatrixGroup, int[])"/>
    public static Tensor Forward(Tensor gateUp, Gate gate, MatrixGroup w, int[] ends)
    {
        if (gateUp.Columns != 2 * w.Columns) throw new ArgumentException($"gateUp has {gateUp.Columns} columns, w has {w.Columns}: not twice as many.", nameof(gateUp));
        var x = gateUp.Slice(0, w.Columns);
        if (gate == Gate.Silu) return Forward(x, w, ends, new SwiGlu.Kernel(gateUp, x));
        Gated.Forward(gateUp, gate, x);
        return Forward(x, w, ends);
    }

    static Tensor Forward<TBefore>(Tensor x, MatrixGroup w, int[] ends, TBefore before)
        where TBefore : struct, IRowKernel
    {
        if (x.Columns != w.Columns || x.Rows != ends[^1]) throw new ArgumentException($"x is [{x.Rows}, {x.Columns}], the group takes [{ends[^1]}, {w.Columns}].", nameof(x));
        var y = x.Compute.Rent(x.Rows, w.Rows);
        using var scratch = x.Compute.Scope();
        Run(x, w, ends, y, before);
        return y;
    }

    /// <param name="before">Makes the rows of x.</param>
    static void Run<TBefore>(Tensor x, MatrixGroup w, int[] ends, Tensor y, TBefore before)
        where TBefore : struct, IRowKernel
    {
        var (compute, rounded) = (x.Compute, w.TakesBrainRows(x.Compute));
        var coded = w.HasCodes && !compute.Exact;
        if (coded && rounded) RowKernels.Run(compute, x.Rows, x.Columns, before);
        var codes = !coded ? default : rounded ? QuantizedRows.From(x) : QuantizedRows.From(x, fine: false, before);
        if (!coded) RowKernels.Run(compute, x.Rows, x.Columns, before);
        var brains = rounded ? BrainRows.From(x) : default;
        var (running, chunks) = (0, 0);
        for (int g = 0, first = 0; g < ends.Length; first = ends[g++])
        {
            var count = ends[g] - first;
            if (count == 0) continue;
            var (matrix, own) = (w.Matrices[g], x.SliceRows(first, count));
            var tiles = AmxProducts.Serve(compute, count, matrix) ? AmxRows.From(own) : default;
            var ownCodes = coded ? codes.From(first) : default;
            var rests = coded && !tiles.Exist && compute.Tier >= Tier.Emitted ? RestLists.Of(compute, ownCodes, count) : default;
            w.Operands[running] = new(own, ownCodes, rests, rounded ? brains.From(first) : default, tiles, y.SliceRows(first, count));
            w.Running[running] = matrix;
            w.ChunkEnds[running++] = chunks += MatMul.Chunks(matrix, count);
        }

        var job = new Job(w, running);
        compute.Pool.Run(chunks, ref job);
    }

    readonly struct Job(MatrixGroup w, int running) : IJob
    {
        public void Run(int chunk)
        {
            var g = Array.BinarySearch(w.ChunkEnds, 0, running, chunk + 1);
            if (g < 0) g = ~g;                                               // the first that ends behind the chunk
            if (g > 0) chunk -= w.ChunkEnds[g - 1];
            ref readonly var operands = ref w.Operands[g];
            MatMul.Run(operands, operands, w.Running[g], chunk);
        }
    }

    /// <summary>Brings a row to its place.</summary>
    readonly struct Gather(Tensor x, int[] rows, Tensor to) : IRowKernel
    {
        public void Reference(int row) => x.Row(rows[row]).CopyTo(to.Row(row));

        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
            => Reference(row);
    }
}
