using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>Attention of ragged rows over paged keys and values (grouped queries: Ainslie et al. 2023, arXiv 2305.13245).</summary>
public static unsafe class Attention
{
    /// <summary>
    /// Keeps k and v, then attends: row t sees all positions of its sequence up to its own, unless the options say otherwise. Returns
    /// [rows, heads * valueDim]. Given finite values, a row's result does not depend on the rows beside it, nor on threads: it is
    /// the same to the bit.
    /// </summary>
    /// <param name="q">[rows, heads * keyDim].</param>
    /// <param name="k">Keys of this step's tokens, already at their positions (rotated), [rows, kvHeads * keyDim].</param>
    /// <param name="v">Values of this step's tokens, [rows, kvHeads * valueDim]; not read where the pages keep values in keys.</param>
    /// <param name="pages">The layer's cache. Sequences may share pages of positions that no row of this step writes.</param>
    /// <param name="rows">Which rows belong to which sequence, at which positions, in which pages.</param>
    /// <param name="shape">Heads of q, k and v.</param>
    /// <param name="options">What this layer's attention does besides.</param>
    /// <param name="choice">Positions that rows attend to; null for all that they may see.</param>
    /// <exception cref="ArgumentException">Shapes do not fit each other, or a page is missing.</exception>
    public static Tensor Forward(
        Tensor q, Tensor k, Tensor v, KvPages pages, RaggedRows rows, AttentionShape shape, AttentionOptions? options = null, KeyChoice? choice = null)
    {
        AttentionCheck.Query(q, pages, rows, shape, options ?? AttentionOptions.None, choice);
        AttentionCheck.Kept(k, v, pages, rows);

        // A single token's keys and values are written by whoever attends to them, head by head: a key goes to a line for each of its
        // numbers, and those lines are then read by the thread that has them.
        var late = q.Compute.Tier != Tier.Reference && choice is null;
        Keep(k, v, pages, rows, late ? 2 : 1);
        return Attend(q, pages, rows, shape, options, choice, late ? (k, v) : null);
    }

    /// <summary>Writes k and v to the pages of their sequences, for <see cref="Attend"/> of this layer or of others.</summary>
    /// <exception cref="ArgumentException">Shapes do not fit each other, or a page is missing.</exception>
    public static void Keep(Tensor k, Tensor v, KvPages pages, RaggedRows rows)
    {
        AttentionCheck.Kept(k, v, pages, rows);
        Keep(k, v, pages, rows, 1);
    }

    /// <summary>Of the sequences with at least <paramref name="leastRows"/> rows in this step.</summary>
    static void Keep(Tensor k, Tensor v, KvPages pages, RaggedRows rows, int leastRows)
    {
        fixed (int* table = rows.PageTable)
            foreach (var segment in rows.Segments)
                if (segment.Rows >= leastRows) RowKernels.Run(k.Compute, segment.Rows, 2 * k.Columns, new Writer(pages, table, k, v, segment));
    }

    /// <summary>Attends to what the pages hold, this step's rows included. Parameters and result as of <see cref="Forward"/>.</summary>
    /// <exception cref="ArgumentException">Shapes do not fit each other, or a page is missing.</exception>
    public static Tensor Attend(Tensor q, KvPages pages, RaggedRows rows, AttentionShape shape, AttentionOptions? options = null, KeyChoice? choice = null)
        => Attend(q, pages, rows, shape, options, choice, late: null);

    /// <param name="late">Keys and values of sequences with one row, which are not written yet.</param>
    static Tensor Attend(
        Tensor q, KvPages pages, RaggedRows rows, AttentionShape shape, AttentionOptions? options, KeyChoice? choice, (Tensor K, Tensor V)? late)
    {
        options ??= AttentionOptions.None;
        AttentionCheck.Query(q, pages, rows, shape, options, choice);
        var y = q.Compute.Rent(q.Rows, shape.Heads * shape.ValueDim);
        var scratch = q.Compute.Arena.Mark;
        fixed (int* table = rows.PageTable, chosen = choice == null ? default : choice.Positions)
        fixed (float* sinks = options.Sinks, slopes = options.Slopes, distances = options.Distances)
        {
            var call = new AttentionCall
            {
                Q = q,
                Y = y,
                Pages = pages,
                Table = table,
                Shape = shape,
                Scale = options.Scale ?? 1 / MathF.Sqrt(shape.KeyDim),
                Window = options.Window ?? int.MaxValue,
                BothSides = options.BothSides,
                SoftCap = options.SoftCap ?? 0,
                Sinks = sinks,
                Slopes = slopes,
                Distances = distances,
                Reach = ((options.Distances?.Length ?? 0) / shape.Heads) / 2,
                Chosen = chosen,
                Lists = choice is null || q.Rows == 0 ? 1 : choice.Lists / q.Rows,
                Late = late,
                MayUseWords = Words.Serve(q.Compute, pages, shape),
            };
            if (q.Compute.Tier == Tier.Reference) ReferenceAttention.Run(call, rows.Segments, choice);
            else TiledAttention.Run(call, rows.Segments, choice);
        }

        q.Compute.Arena.Release(scratch);
        return y;
    }

    /// <summary>Puts the keys and values of a segment's rows in their places.</summary>
    readonly struct Writer(KvPages pages, int* table, Tensor k, Tensor v, Segment segment) : IRowKernel
    {
        public void Reference(int row)
        {
            var (entry, position, from) = (pages.Entry, segment.FirstPosition + row, segment.FirstRow + row);
            var (page, place) = (table[segment.FirstPage + (position / KvPages.PageSize)], position % KvPages.PageSize);
            for (var head = 0; head < entry.KvHeads; head++) pages.Fetch(page, head, place);
            for (var head = 0; head < entry.KvHeads; head++)
                pages.Write(page, head, place, k.RowPointer(from) + (head * entry.KeyDim), v.RowPointer(from) + (head * entry.ValueDim));
        }

        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
            => Reference(row);
    }
}
