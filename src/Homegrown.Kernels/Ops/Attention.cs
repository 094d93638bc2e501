using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>Heads of an attention: queries in <paramref name="Heads"/>, keys and values shared by Heads / KvHeads of them.</summary>
public readonly record struct AttentionShape(int Heads, int KvHeads, int HeadDim);

/// <summary>Causal attention of ragged rows over paged keys and values (grouped queries: Ainslie et al. 2023, arXiv 2305.13245).</summary>
public static unsafe class Attention
{
    /// <summary>
    /// Writes k and v, [rows, kvHeads * headDim], into the pages of their sequences, then attends: row t sees all positions of its
    /// sequence up to its own. Returns [rows, heads * headDim]. Given finite values,
    /// a row's result does not depend on the rows beside it, nor on threads: it is the same to the bit.
    /// </summary>
    /// <param name="q">[rows, heads * headDim].</param>
    /// <param name="k">Keys of this step's tokens, already at their positions (rotated).</param>
    /// <param name="v">Values of this step's tokens.</param>
    /// <param name="pages">The layer's cache. Sequences may share pages of positions that no row of this step writes.</param>
    /// <param name="rows">Which rows belong to which sequence, at which positions, in which pages.</param>
    /// <param name="shape">Heads of q, k and v.</param>
    /// <param name="scale">Of the scores before softmax, usually 1 / sqrt(headDim).</param>
    /// <param name="window">Positions that a row sees, its own included (Mistral 7B, arXiv 2310.06825 §2); null for all.</param>
    /// <exception cref="ArgumentException">Shapes do not fit each other, or a page is missing.</exception>
    public static Tensor Forward(
        Tensor q, Tensor k, Tensor v, KvPages pages, RaggedRows rows, AttentionShape shape, float scale, int? window = null)
    {
        Check(q, k, v, pages, rows, shape, window);
        var y = q.Compute.Rent(q.Rows, q.Columns);
        var scratch = q.Compute.Arena.Mark;
        fixed (int* table = rows.PageTable)
        {
            var call = new AttentionCall(q, k, v, y, pages, table, shape, scale, window ?? int.MaxValue);
            foreach (var segment in rows.Segments)
                if (!call.WritesLate(segment)) RowKernels.Run(q.Compute, segment.Rows, 2 * k.Columns, new Writer(call, segment));

            if (q.Compute.Tier == Tier.Reference) ReferenceAttention.Run(call, rows.Segments);
            else TiledAttention.Run(call, rows.Segments);
        }

        q.Compute.Arena.Release(scratch);
        return y;
    }

    static void Check(Tensor q, Tensor k, Tensor v, KvPages pages, RaggedRows rows, AttentionShape shape, int? window)
    {
        if (shape.HeadDim != pages.HeadDim || shape.KvHeads != pages.KvHeads || shape.Heads % shape.KvHeads != 0 || shape.Heads <= 0)
            throw new ArgumentException($"{shape} does not fit pages of {pages.KvHeads} heads of {pages.HeadDim}.", nameof(shape));
        Expect(q, shape.Heads, nameof(q));
        Expect(k, shape.KvHeads, nameof(k));
        Expect(v, shape.KvHeads, nameof(v));
        if (window <= 0) throw new ArgumentOutOfRangeException(nameof(window), window, "A row sees at least itself.");

        var segments = rows.Segments;
        for (var s = 0; s < segments.Length; s++)
        {
            var end = s + 1 < segments.Length ? segments[s + 1].FirstPage : rows.PageTable.Length;
            var positions = (long)segments[s].FirstPosition + segments[s].Rows;
            if (positions > (long)(end - segments[s].FirstPage) * KvPages.PageSize)
                throw new ArgumentException($"Sequence {s} owns {end - segments[s].FirstPage} pages for {positions} positions.", nameof(rows));
        }

        foreach (var page in rows.PageTable)
            if ((uint)page >= (uint)pages.Pages) throw new ArgumentException($"Page {page} of {pages.Pages} does not exist.", nameof(rows));

        void Expect(Tensor tensor, int heads, string name)
        {
            if (tensor.Rows != rows.Rows || tensor.Columns != (long)heads * shape.HeadDim)
                throw new ArgumentException($"{name} is [{tensor.Rows}, {tensor.Columns}], not [{rows.Rows}, {heads} * {shape.HeadDim}].", name);
        }
    }

    /// <summary>Puts the keys and values of a segment's rows in their places.</summary>
    readonly struct Writer(AttentionCall call, Segment segment) : IRowKernel
    {
        public void Reference(int row)
        {
            for (var head = 0; head < call.Shape.KvHeads; head++) call.Fetch(segment, row, head);
            for (var head = 0; head < call.Shape.KvHeads; head++) call.Write(segment, row, head);
        }

        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
            => Reference(row);
    }
}

/// <summary>What one attention works on.</summary>
readonly unsafe struct AttentionCall(Tensor q, Tensor k, Tensor v, Tensor y, KvPages pages, int* table, AttentionShape shape, float scale, int window)
{
    /// <summary>[rows, heads * headDim].</summary>
    public Tensor Q { get; } = q;

    /// <summary>The result, [rows, heads * headDim].</summary>
    public Tensor Y { get; } = y;

    public KvPages Pages { get; } = pages;

    public AttentionShape Shape { get; } = shape;

    /// <summary>Of the scores before softmax.</summary>
    public float Scale { get; } = scale;

    /// <summary>Query heads that share a head of keys and values.</summary>
    public int Group => Shape.Heads / Shape.KvHeads;

    /// <summary>The first position that the row at <paramref name="position"/> sees.</summary>
    public int FirstSeen(int position) => Math.Max(0, position - window + 1);

    /// <summary>The page that holds a position of a segment.</summary>
    public int Page(Segment segment, int position) => table[segment.FirstPage + (position / KvPages.PageSize)];

    /// <summary>
    /// A single token's keys and values are written by whoever attends to them, head by head: a key goes to a line for each of its
    /// numbers, and those lines are then read by the thread that has them.
    /// </summary>
    public bool WritesLate(Segment segment) => segment.Rows == 1 && Q.Compute.Tier != Tier.Reference;

    /// <summary>Brings to the cache where a row's key and value will be written.</summary>
    public void Fetch(Segment segment, int row, int kvHead)
    {
        var position = segment.FirstPosition + row;
        Pages.Fetch(Page(segment, position), kvHead, position % KvPages.PageSize);
    }

    /// <summary>Puts a row's key and value of a head in their place.</summary>
    public void Write(Segment segment, int row, int kvHead)
    {
        var (position, from, column) = (segment.FirstPosition + row, segment.FirstRow + row, kvHead * Shape.HeadDim);
        Pages.Write(Page(segment, position), kvHead, position % KvPages.PageSize, k.RowPointer(from) + column, v.RowPointer(from) + column);
    }
}
