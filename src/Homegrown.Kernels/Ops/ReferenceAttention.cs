using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>The specification of attention: softmax(scale * q·K) V for each row and head by itself, in double.</summary>
static unsafe class ReferenceAttention
{
    public static void Run(in AttentionCall call, ReadOnlySpan<Segment> segments)
    {
        var longest = 0;
        foreach (var segment in segments) longest = Math.Max(longest, segment.FirstPosition + segment.Rows);
        var weights = (double*)call.Q.Compute.Arena.Take(longest * (long)sizeof(double));
        foreach (var segment in segments)
            for (var row = 0; row < segment.Rows; row++)
                for (var head = 0; head < call.Shape.Heads; head++) Row(call, segment, row, head, weights);
    }

    static void Row(in AttentionCall call, Segment segment, int row, int head, double* weights)
    {
        var (pages, dim, kvHead) = (call.Pages, call.Shape.HeadDim, head / call.Group);
        var q = call.Q.RowPointer(segment.FirstRow + row) + (head * dim);
        var y = call.Y.RowPointer(segment.FirstRow + row) + (head * dim);
        var last = segment.FirstPosition + row;
        var first = call.FirstSeen(last);

        var (largest, sum) = (double.NegativeInfinity, 0.0);
        for (var position = first; position <= last; position++)
        {
            var (page, place) = (call.Page(segment, position), position % KvPages.PageSize);
            var score = 0.0;
            for (var d = 0; d < dim; d++) score += (double)q[d] * pages.Key(page, kvHead, place, d);
            weights[position] = score * call.Scale;
            largest = Math.Max(largest, weights[position]);
        }

        for (var position = first; position <= last; position++) sum += weights[position] = Math.Exp(weights[position] - largest);
        for (var d = 0; d < dim; d++)
        {
            var total = 0.0;
            for (var position = first; position <= last; position++)
                total += weights[position] * pages.Value(call.Page(segment, position), kvHead, position % KvPages.PageSize, d);
            y[d] = (float)(total / sum);
        }
    }
}
