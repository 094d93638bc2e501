using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// A short convolution along a sequence, each channel by itself, that sees what came before only (Mamba, arXiv 2312.00752 §3.4):
/// y[t] = sum over j of w[j] x[t - width + 1 + j], then SiLU where the family has it. The last width - 1 inputs are the state.
/// </summary>
public static unsafe class CausalConvolution
{
    const int ChannelsPerPart = 256;

    /// <summary>[rows, channels] to [rows, channels].</summary>
    /// <param name="weight">[width, channels]: the last row is multiplied by a position's own input.</param>
    /// <param name="bias">[channels], or empty.</param>
    /// <param name="silu">The result goes through x * sigmoid(x).</param>
    /// <param name="state">The layer's, [width - 1, channels] in each slot, oldest first.</param>
    /// <param name="rows">Which rows belong to which sequence.</param>
    /// <exception cref="ArgumentException">Shapes do not fit each other, or a sequence has no slot.</exception>
    public static Tensor Forward(Tensor x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, bool silu, RecurrentState state, RaggedRows rows)
    {
        if (x.Rows != rows.Rows) throw new ArgumentException($"x is [{x.Rows}, {x.Columns}], not [{rows.Rows}, {x.Columns}].", nameof(x));
        if (weight.IsEmpty || weight.Length % x.Columns != 0) throw new ArgumentException($"{weight.Length} weights are no rows of {x.Columns} channels.", nameof(weight));
        if (!bias.IsEmpty && bias.Length != x.Columns) throw new ArgumentException($"{bias.Length} biases for {x.Columns} channels.", nameof(bias));
        var width = weight.Length / x.Columns;
        if (state.Floats != (width - 1) * x.Columns) throw new ArgumentException($"A state of {state.Floats} numbers is none of [{width - 1}, {x.Columns}].", nameof(state));
        foreach (var segment in rows.Segments)
            if ((uint)segment.Slot >= (uint)state.Slots.Slots) throw new ArgumentException($"Slot {segment.Slot} of {state.Slots.Slots} does not exist.", nameof(rows));

        var y = x.Compute.Rent(x.Rows, x.Columns);
        fixed (float* w = weight, b = bias)
        {
            var parts = (x.Columns + ChannelsPerPart - 1) / ChannelsPerPart;
            RecurrentKernels.Run(x.Compute, rows, parts, (long)width * ChannelsPerPart, new Kernel(x, y, w, b, width, silu, state));
        }

        return y;
    }

    readonly struct Kernel(Tensor x, Tensor y, float* weight, float* bias, int width, bool silu, RecurrentState state) : IRecurrentKernel
    {
        public void Reference(Segment segment, int part)
        {
            var (first, end) = Channels(part);
            for (var row = 0; row < segment.Rows; row++) Scalar(segment, row, first, end);
            KeepTail(segment, first, end);
        }

        public void Portable<TLanes>(Segment segment, int part)
            where TLanes : struct, ILanes<TLanes>
        {
            var (first, end) = Channels(part);
            var (zero, one) = (TLanes.Create(0), TLanes.Create(1));
            for (var row = 0; row < segment.Rows; row++)
            {
                var to = y.RowPointer(segment.FirstRow + row);
                var c = first;
                for (; c <= end - TLanes.Count; c += TLanes.Count)
                {
                    var sum = bias == null ? zero : TLanes.Load(bias + c);
                    for (var j = 0; j < width; j++) sum = TLanes.MultiplyAdd(TLanes.Load(weight + (j * x.Columns) + c), TLanes.Load(Input(segment, row - width + 1 + j) + c), sum);
                    (silu ? sum / (one + LaneMath.Exp(zero - sum)) : sum).Store(to + c);
                }

                Scalar(segment, row, c, end);
            }

            KeepTail(segment, first, end);
        }

        void Scalar(Segment segment, int row, int first, int end)
        {
            var to = y.RowPointer(segment.FirstRow + row);
            for (var c = first; c < end; c++)
            {
                double sum = bias == null ? 0 : bias[c];
                for (var j = 0; j < width; j++) sum += (double)weight[(j * x.Columns) + c] * Input(segment, row - width + 1 + j)[c];
                to[c] = (float)(silu ? sum / (1 + Math.Exp(-sum)) : sum);
            }
        }

        /// <summary>The inputs of a row of the segment, or, before its first, of the state.</summary>
        float* Input(Segment segment, int row)
            => row >= 0 ? x.RowPointer(segment.FirstRow + row) : state.At(segment.Slot) + ((width - 1 + row) * x.Columns);

        /// <summary>The last inputs become the state; oldest first, so that what is moved is read before it is overwritten.</summary>
        void KeepTail(Segment segment, int first, int end)
        {
            for (var i = 0; i < width - 1; i++)
                new Span<float>(Input(segment, segment.Rows - width + 1 + i) + first, end - first).CopyTo(new(state.At(segment.Slot) + (i * x.Columns) + first, end - first));
        }

        (int First, int End) Channels(int part) => (part * ChannelsPerPart, Math.Min(x.Columns, (part + 1) * ChannelsPerPart));
    }
}
