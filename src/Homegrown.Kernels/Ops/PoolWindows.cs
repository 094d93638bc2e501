using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>How neighbouring rows become one.</summary>
/// <param name="Window">Rows that do.</param>
/// <param name="Overlaps">
/// A row has two series side by side, [for the next window | for its own], and a window's result is of its own rows and of those before it
/// (DeepSeek-V4 §2.3.1).
/// </param>
public readonly record struct PoolOptions(int Window, bool Overlaps);

/// <summary>
/// Rows of a sequence, window by window, as one row each: channel by channel their mean, weighed by a softmax over the window of a
/// gate plus a bias of the place in it (DeepSeek-V4 §2.3.2 eq. 20 to 23). Windows begin at position 0. The state is what the open window
/// has come to, as sums relative to its largest gate (Milakov and Gimelshein 2018, arXiv 1805.02867).
/// </summary>
public static unsafe class PoolWindows
{
    const int ChannelsPerPart = 128;

    // Of a series: the largest gate, the sum of weights, the sum of weighed values.
    const int Sums = 3;

    /// <summary>Numbers of the state of rows that are pooled to <paramref name="channels"/>.</summary>
    public static int StateFloats(int channels, PoolOptions options) => Sums * channels * (options.Overlaps ? 3 : 1);

    /// <summary>Windows of a segment that end in this step.</summary>
    public static int Ended(Segment segment, int window) => ((segment.FirstPosition + segment.Rows) / window) - (segment.FirstPosition / window);

    /// <summary>[rows, channels], or twice as many columns where windows overlap, to [windows that end in this step, channels].</summary>
    /// <param name="gates">As x; null where all weigh the same.</param>
    /// <param name="bias">[window, columns], added to the gates by a row's place in its window; or empty.</param>
    /// <param name="state">Of <see cref="StateFloats"/> in each slot.</param>
    /// <exception cref="ArgumentException">Shapes do not fit each other, or a sequence has no slot.</exception>
    public static Tensor Forward(Tensor x, Tensor? gates, ReadOnlySpan<float> bias, PoolOptions options, RecurrentState state, RaggedRows rows)
    {
        var channels = options.Overlaps ? x.Columns / 2 : x.Columns;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Window, nameof(options));
        if (x.Rows != rows.Rows || (options.Overlaps && x.Columns % 2 != 0)) throw new ArgumentException($"x is [{x.Rows}, {x.Columns}] for {rows.Rows} rows.", nameof(x));
        if (gates is { } g && (g.Rows != x.Rows || g.Columns != x.Columns)) throw new ArgumentException($"Gates [{g.Rows}, {g.Columns}] do not fit [{x.Rows}, {x.Columns}].", nameof(gates));
        if (!bias.IsEmpty && bias.Length != (long)options.Window * x.Columns) throw new ArgumentException($"{bias.Length} biases for {options.Window} rows of {x.Columns}.", nameof(bias));
        if (state.Floats != StateFloats(channels, options)) throw new ArgumentException($"A state of {state.Floats} numbers is none of {channels} channels.", nameof(state));
        var ended = 0;
        foreach (var segment in rows.Segments)
        {
            if ((uint)segment.Slot >= (uint)state.Slots.Slots) throw new ArgumentException($"Slot {segment.Slot} of {state.Slots.Slots} does not exist.", nameof(rows));
            ended += Ended(segment, options.Window);
        }

        var y = x.Compute.Rent(ended, channels);
        fixed (float* b = bias)
        {
            var parts = (channels + ChannelsPerPart - 1) / ChannelsPerPart;
            RecurrentKernels.Run(x.Compute, rows, parts, 8L * ChannelsPerPart, new Kernel(x, gates ?? x, y, gates is null, b, channels, options, state, rows));
        }

        return y;
    }

    readonly struct Kernel(Tensor x, Tensor gates, Tensor y, bool even, float* bias, int channels, PoolOptions options, RecurrentState state, RaggedRows rows) : IRecurrentKernel
    {
        public void Reference(Segment segment, int part) => Run(segment, part, new Scalars());

        public void Portable<TLanes>(Segment segment, int part)
            where TLanes : struct, ILanes<TLanes>
            => Run(segment, part, new Vectors<TLanes>());

        void Run<TStep>(Segment segment, int part, TStep step)
            where TStep : struct, IStep
        {
            var (first, count) = (part * ChannelsPerPart, Math.Min(ChannelsPerPart, channels - (part * ChannelsPerPart)));
            var own = new Series(state.At(segment.Slot) + first, channels);
            var (next, before) = (own.After(1), own.After(2));
            var ended = 0;
            foreach (var other in rows.Segments)
                if (other.FirstRow < segment.FirstRow) ended += PoolWindows.Ended(other, options.Window);

            for (var row = segment.FirstRow; row < segment.FirstRow + segment.Rows; row++)
            {
                var position = segment.FirstPosition + row - segment.FirstRow;
                var place = position % options.Window;
                if (place == 0 && options.Overlaps)
                    for (var sum = 0; sum < Sums; sum++) new Span<float>(next.At(sum), count).CopyTo(new(before.At(sum), count));
                float* values = x.RowPointer(row) + first, gate = gates.RowPointer(row) + first, shift = bias == null ? null : bias + (place * x.Columns) + first;
                if (options.Overlaps)
                {
                    step.Add(next, values, even ? null : gate, shift, count, place == 0);
                    values += channels;
                    gate += channels;
                    if (shift != null) shift += channels;
                }

                step.Add(own, values, even ? null : gate, shift, count, place == 0);
                if (place == options.Window - 1) step.End(own, before, options.Overlaps && position >= options.Window, y.RowPointer(ended++) + first, count);
            }
        }
    }

    /// <summary>Sums of one series of channels.</summary>
    readonly struct Series(float* data, int channels)
    {
        public float* Largest => data;

        public float* Weights => data + channels;

        public float* Values => data + (2L * channels);

        public float* At(int sum) => data + ((long)sum * channels);

        public Series After(int series) => new(data + ((long)series * Sums * channels), channels);
    }

    interface IStep
    {
        /// <summary>A row more; the first of a window begins anew.</summary>
        void Add(Series to, float* values, float* gates, float* bias, int count, bool first);

        /// <summary>The result of a window, with the one before where there is one.</summary>
        void End(Series own, Series before, bool both, float* to, int count);
    }

    readonly struct Scalars : IStep
    {
        public void Add(Series to, float* values, float* gates, float* bias, int count, bool first) => Add(to, values, gates, bias, 0, count, first);

        public void End(Series own, Series before, bool both, float* to, int count) => End(own, before, both, to, 0, count);

        public static void Add(Series to, float* values, float* gates, float* bias, int i, int count, bool first)
        {
            for (; i < count; i++)
            {
                var gate = (gates == null ? 0 : gates[i]) + (bias == null ? 0 : bias[i]);
                if (first)
                {
                    (to.Largest[i], to.Weights[i], to.Values[i]) = (gate, 1, values[i]);
                    continue;
                }

                var largest = MathF.Max(to.Largest[i], gate);
                var (kept, weight) = (MathF.Exp(to.Largest[i] - largest), MathF.Exp(gate - largest));
                (to.Largest[i], to.Weights[i], to.Values[i]) = (largest, (to.Weights[i] * kept) + weight, (to.Values[i] * kept) + (values[i] * weight));
            }
        }

        public static void End(Series own, Series before, bool both, float* to, int i, int count)
        {
            for (; i < count; i++)
            {
                if (!both)
                {
                    to[i] = own.Values[i] / own.Weights[i];
                    continue;
                }

                var largest = MathF.Max(own.Largest[i], before.Largest[i]);
                var (a, b) = (MathF.Exp(own.Largest[i] - largest), MathF.Exp(before.Largest[i] - largest));
                to[i] = ((own.Values[i] * a) + (before.Values[i] * b)) / ((own.Weights[i] * a) + (before.Weights[i] * b));
            }
        }
    }

    readonly struct Vectors<TLanes> : IStep
        where TLanes : struct, ILanes<TLanes>
    {
        public void Add(Series to, float* values, float* gates, float* bias, int count, bool first)
        {
            var (i, zero, one) = (0, TLanes.Create(0), TLanes.Create(1));
            for (; i <= count - TLanes.Count; i += TLanes.Count)
            {
                var (gate, value) = (gates == null ? zero : TLanes.Load(gates + i), TLanes.Load(values + i));
                if (bias != null) gate += TLanes.Load(bias + i);
                var (largest, sum, total) = (gate, one, value);
                if (!first)
                {
                    var old = TLanes.Load(to.Largest + i);
                    largest = TLanes.Max(old, gate);
                    var (kept, weight) = (LaneMath.Exp(old - largest), LaneMath.Exp(gate - largest));
                    sum = TLanes.MultiplyAdd(TLanes.Load(to.Weights + i), kept, weight);
                    total = TLanes.MultiplyAdd(TLanes.Load(to.Values + i), kept, value * weight);
                }

                largest.Store(to.Largest + i);
                sum.Store(to.Weights + i);
                total.Store(to.Values + i);
            }

            Scalars.Add(to, values, gates, bias, i, count, first);
        }

        public void End(Series own, Series before, bool both, float* to, int count)
        {
            var i = 0;
            for (; i <= count - TLanes.Count; i += TLanes.Count)
            {
                var (sum, total) = (TLanes.Load(own.Weights + i), TLanes.Load(own.Values + i));
                if (both)
                {
                    var (x, y) = (TLanes.Load(own.Largest + i), TLanes.Load(before.Largest + i));
                    var largest = TLanes.Max(x, y);
                    var (a, b) = (LaneMath.Exp(x - largest), LaneMath.Exp(y - largest));
                    sum = TLanes.MultiplyAdd(sum, a, TLanes.Load(before.Weights + i) * b);
                    total = TLanes.MultiplyAdd(total, a, TLanes.Load(before.Values + i) * b);
                }

                (total / sum).Store(to + i);
            }

            Scalars.End(own, before, both, to, i, count);
        }
    }
}
