using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>The specification of attention: softmax(scale * q·K) V for each row and head by itself, in double.</summary>
static unsafe class ReferenceAttention
{
    public static void Run(in AttentionCall call, ReadOnlySpan<Segment> segments, KeyChoice? choice)
    {
        var longest = 0;
        foreach (var segment in segments) longest = Math.Max(longest, segment.FirstPosition + segment.Rows);
        var weights = (double*)call.Q.Compute.Arena.Take(longest * (long)sizeof(double));
        foreach (var segment in segments)
        {
            for (var row = 0; row < segment.Rows; row++)
            {
                for (var head = 0; head < call.Shape.Heads; head++)
                {
                    if (choice is null)
                    {
                        var position = segment.FirstPosition + row;
                        var first = call.FirstSeen(position);
                        Row(call, segment, row, head, weights, first, call.EndSeen(segment, position) - first, null);
                    }
                    else
                    {
                        var list = call.List(segment.FirstRow + row, head);
                        Row(call, segment, row, head, weights, 0, choice.Length(list), call.Chosen + choice.Start(list));
                    }
                }
            }
        }
    }

    /// <param name="chosen">The positions that the row attends to; null for those from <paramref name="first"/> on.</param>
    static void Row(in AttentionCall call, Segment segment, int row, int head, double* weights, int first, int count, int* chosen)
    {
        var (pages, shape, kvHead) = (call.Pages, call.Shape, call.KvHead(head));
        var q = call.Q.RowPointer(segment.FirstRow + row) + (head * shape.KeyDim);
        var y = call.Y.RowPointer(segment.FirstRow + row) + (head * shape.ValueDim);
        var own = segment.FirstPosition + row;

        var largest = call.Sinks == null ? double.NegativeInfinity : call.Sinks[head];
        for (var i = 0; i < count; i++)
        {
            var position = chosen == null ? first + i : chosen[i];
            var (page, place) = (call.Page(segment, position), position % KvPages.PageSize);
            var score = 0.0;
            for (var d = 0; d < shape.KeyDim; d++) score += (double)q[d] * pages.Key(page, kvHead, place, d);
            score *= call.Scale;
            if (call.SoftCap > 0) score = call.SoftCap * Math.Tanh(score / call.SoftCap);
            if (call.Slopes != null) score += call.Slopes[head] * (double)(position - own);
            if (call.Distances != null) score += call.Bias(head, position - own);
            weights[i] = score;
            largest = Math.Max(largest, score);
        }

        var sum = call.Sinks == null ? 0 : Math.Exp(call.Sinks[head] - largest);
        for (var i = 0; i < count; i++) sum += weights[i] = Math.Exp(weights[i] - largest);
        for (var d = 0; d < shape.ValueDim; d++)
        {
            var total = 0.0;
            for (var i = 0; i < count; i++)
            {
                var position = chosen == null ? first + i : chosen[i];
                total += weights[i] * pages.Value(call.Page(segment, position), kvHead, position % KvPages.PageSize, d);
            }

            y[d] = (float)(total / sum);
        }
    }
}
