using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>What an attention is given fits together: after these checks no pointer leaves its memory.</summary>
static class AttentionCheck
{
    public static void Query(Tensor q, KvPages pages, RaggedRows rows, AttentionShape shape, AttentionOptions options, KeyChoice? choice)
    {
        var entry = pages.Entry;
        if (shape.KeyDim != entry.KeyDim || shape.ValueDim != entry.ValueDim || shape.KvHeads != entry.KvHeads || shape.Heads % shape.KvHeads != 0 || shape.Heads <= 0)
            throw new ArgumentException($"{shape} does not fit pages of {entry.KvHeads} heads of {entry.KeyDim} and {entry.ValueDim}.", nameof(shape));
        Columns(q, rows, shape.Heads, shape.KeyDim, nameof(q));
        Pages(pages, rows);
        if (options.Window <= 0) throw new ArgumentOutOfRangeException(nameof(options), options.Window, "Window: a row sees at least itself.");
        if (options.SoftCap <= 0) throw new ArgumentOutOfRangeException(nameof(options), options.SoftCap, "SoftCap: scores are capped at something above 0.");
        if (options.Sinks is { } sinks && sinks.Length != shape.Heads) throw new ArgumentException($"{sinks.Length} sinks for {shape.Heads} heads.", nameof(options));
        if (options.Slopes is { } slopes && slopes.Length != shape.Heads) throw new ArgumentException($"{slopes.Length} slopes for {shape.Heads} heads.", nameof(options));
        if (options.Distances is { } distances && (distances.Length % shape.Heads != 0 || distances.Length / shape.Heads % 2 == 0))
            throw new ArgumentException($"{distances.Length} biases by distance are no odd number for each of {shape.Heads} heads.", nameof(options));
        if (choice is not null) Choice(choice, rows, shape, options);
    }

    public static void Kept(Tensor k, Tensor v, KvPages pages, RaggedRows rows)
    {
        Columns(k, rows, pages.Entry.KvHeads, pages.Entry.KeyDim, nameof(k));
        if (!pages.Entry.ValuesInKeys && pages.Entry.ValueDim > 0) Columns(v, rows, pages.Entry.KvHeads, pages.Entry.ValueDim, nameof(v));
        Pages(pages, rows);
    }

    static void Columns(Tensor tensor, RaggedRows rows, int heads, int width, string name)
    {
        if (tensor.Rows != rows.Rows || tensor.Columns != (long)heads * width)
            throw new ArgumentException($"{name} is [{tensor.Rows}, {tensor.Columns}], not [{rows.Rows}, {heads} * {width}].", name);
    }

    static void Pages(KvPages pages, RaggedRows rows)
    {
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
    }

    static void Choice(KeyChoice choice, RaggedRows rows, AttentionShape shape, AttentionOptions options)
    {
        if (options.Window is not null || options.BothSides)
            throw new ArgumentException("Chosen positions are all that a row sees: no window and no other side with them.", nameof(options));
        if (rows.Rows == 0) return;
        var lists = choice.Lists / rows.Rows;
        if (lists == 0 || choice.Lists % rows.Rows != 0 || shape.Heads % lists != 0 || (lists % shape.KvHeads != 0 && shape.KvHeads % lists != 0))
            throw new ArgumentException($"{choice.Lists} lists for {rows.Rows} rows with {shape.Heads} heads on {shape.KvHeads} of keys.", nameof(choice));
        for (var list = 0; list < choice.Lists; list++)
        {
            var (last, limit) = (-1, rows.Positions[list / lists]);
            foreach (var position in choice[list])
            {
                if (position <= last || position > limit)
                    throw new ArgumentException($"List {list} has {position} after {last}: positions ascend, up to the row's own, {limit}.", nameof(choice));
                last = position;
            }

            if (last < 0) throw new ArgumentException($"List {list} is empty: a row attends to something.", nameof(choice));
        }
    }
}
