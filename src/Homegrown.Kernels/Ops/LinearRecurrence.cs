using System.Runtime.CompilerServices;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops.Products;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Heads of a recurrence: values and states in <paramref name="Heads"/>, queries and keys shared by Heads / KeyHeads of them. A state
/// is [keyDim, valueDim].
/// </summary>
public readonly record struct RecurrenceShape(int Heads, int KeyHeads, int KeyDim, int ValueDim)
{
    /// <summary>Neighbouring heads have different key heads, head % keyHeads, where otherwise they share one, head / (heads / keyHeads).</summary>
    public bool Tiled { get; init; }

    /// <summary>Numbers of a sequence's state.</summary>
    public int StateFloats => checked(Heads * KeyDim * ValueDim);
}

/// <summary>What a layer's recurrence does; made once, with the layer.</summary>
public sealed record RecurrenceOptions
{
    /// <summary>
    /// For each head, [heads], what the logarithm of the state changes by in a step of length 1: below 0. MiniMax' slopes, or
    /// -exp(A_log) of delta-nets and Mamba-2.
    /// </summary>
    public required float[] Rates { get; init; }

    /// <summary>The state's answer to the key is taken from the value first: the delta rule.</summary>
    public bool Delta { get; init; }

    /// <summary>Factor on the results: usually 1 / sqrt(keyDim).</summary>
    public float Scale { get; init; } = 1;

    /// <summary>What of the value is added to the result, [heads] (Mamba-2's D); null for nothing.</summary>
    public float[]? Skip { get; init; }
}

/// <summary>
/// Attention as a recurrence over a state S of each head: S = exp(rate * step) S + k (beta v)ᵀ, y = scale Sᵀ q. With a constant
/// decay it is lightning attention (MiniMax-01, arXiv 2501.08313 §2.2); with a step for each row, k = B, q = C and beta = step it is
/// Mamba-2 (Dao and Gu 2024, arXiv 2405.21060 §3); with v less Sᵀ k it is the gated delta rule (Yang et al. 2024, arXiv
/// 2412.06464 eq. 10), and with a step for each channel of the key Kimi's (arXiv 2510.26692 eq. 1).
/// </summary>
public static unsafe class LinearRecurrence
{
    /// <summary>Runs the rows of each sequence through its state, which is changed; the result is [rows, heads * valueDim].</summary>
    /// <param name="q">[rows, keyHeads * keyDim].</param>
    /// <param name="k">[rows, keyHeads * keyDim].</param>
    /// <param name="v">[rows, heads * valueDim].</param>
    /// <param name="steps">[rows, heads], or [rows, heads * keyDim] for a decay of each channel; null for steps of 1.</param>
    /// <param name="beta">Factor on the values that enter, [rows, heads]; null for 1.</param>
    /// <param name="state">The layer's, [heads, keyDim, valueDim] in each slot.</param>
    /// <param name="rows">Which rows belong to which sequence.</param>
    /// <exception cref="ArgumentException">Shapes do not fit each other, or a sequence has no slot.</exception>
    public static Tensor Forward(
        Tensor q, Tensor k, Tensor v, Tensor? steps, Tensor? beta, RecurrentState state, RaggedRows rows, RecurrenceShape shape, RecurrenceOptions options)
    {
        Check(q, k, v, steps, beta, state, rows, shape, options);
        var (y, scratch) = (q.Compute.Rent(q.Rows, v.Columns), q.Compute.Arena.Mark);
        fixed (float* rates = options.Rates, skip = options.Skip)
        {
            var decay = steps is { } given ? Decays(given, rates, given.Columns / shape.Heads) : default;
            var kernel = new Kernel(q, k, v, y, decay, beta, state, shape, options.Delta, options.Scale, rates, skip);
            RecurrentKernels.Run(q.Compute, rows, shape.Heads, 2L * shape.KeyDim * shape.ValueDim, kernel);
        }

        q.Compute.Arena.Release(scratch);
        return y;
    }

    /// <summary>exp(rate * step): what is left of a state after a step.</summary>
    static Tensor Decays(Tensor steps, float* rates, int each)
    {
        var decay = steps.Compute.Rent(steps.Rows, steps.Columns);
        RowKernels.Run(steps.Compute, steps.Rows, steps.Columns, new DecayKernel(steps, decay, rates, each));
        return decay;
    }

    static void Check(
        Tensor q, Tensor k, Tensor v, Tensor? steps, Tensor? beta, RecurrentState state, RaggedRows rows, RecurrenceShape shape, RecurrenceOptions options)
    {
        if (shape.KeyHeads <= 0 || shape.Heads <= 0 || shape.Heads % shape.KeyHeads != 0) throw new ArgumentException($"{shape}: key heads do not divide heads.", nameof(shape));
        Expect(q, shape.KeyHeads * shape.KeyDim, nameof(q));
        Expect(k, shape.KeyHeads * shape.KeyDim, nameof(k));
        Expect(v, shape.Heads * shape.ValueDim, nameof(v));
        if (steps is { } given) Expect(given, given.Columns == shape.Heads ? shape.Heads : shape.Heads * shape.KeyDim, nameof(steps));
        if (beta is { } factor) Expect(factor, shape.Heads, nameof(beta));
        if (options.Rates.Length != shape.Heads) throw new ArgumentException($"{options.Rates.Length} rates for {shape.Heads} heads.", nameof(options));
        if (options.Skip is { } skip && skip.Length != shape.Heads) throw new ArgumentException($"{skip.Length} skips for {shape.Heads} heads.", nameof(options));
        if (state.Floats != shape.StateFloats) throw new ArgumentException($"A state of {state.Floats} numbers is none of {shape}.", nameof(state));
        foreach (var segment in rows.Segments)
            if ((uint)segment.Slot >= (uint)state.Slots.Slots) throw new ArgumentException($"Slot {segment.Slot} of {state.Slots.Slots} does not exist.", nameof(rows));

        void Expect(Tensor tensor, int columns, string name)
        {
            if (tensor.Rows != rows.Rows || tensor.Columns != columns)
                throw new ArgumentException($"{name} is [{tensor.Rows}, {tensor.Columns}], not [{rows.Rows}, {columns}].", name);
        }
    }

    readonly struct DecayKernel(Tensor steps, Tensor decay, float* rates, int each) : IRowKernel
    {
        public void Reference(int row)
        {
            float* from = steps.RowPointer(row), to = decay.RowPointer(row);
            for (var i = 0; i < steps.Columns; i++) to[i] = (float)Math.Exp((double)from[i] * rates[i / each]);
        }

        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
        {
            float* from = steps.RowPointer(row), to = decay.RowPointer(row);
            for (var start = 0; start < steps.Columns; start += each)
            {
                var (i, rate) = (0, TLanes.Create(rates[start / each]));
                for (; i <= each - TLanes.Count; i += TLanes.Count) LaneMath.Exp(TLanes.Load(from + start + i) * rate).Store(to + start + i);
                for (; i < each; i++) to[start + i] = MathF.Exp(from[start + i] * rates[start / each]);
            }
        }
    }

    /// <param name="decay">[rows, heads] or [rows, heads * keyDim]; default where the rates are all there is.</param>
    readonly struct Kernel(
        Tensor q, Tensor k, Tensor v, Tensor y, Tensor decay, Tensor? beta, RecurrentState state, RecurrenceShape shape, bool delta, float scale, float* rates, float* skip)
        : IRecurrentKernel
    {
        bool EachChannel => decay.Columns > shape.Heads;

        public void Reference(Segment segment, int head)
        {
            for (var column = 0; column < shape.ValueDim; column++)
                for (var row = segment.FirstRow; row < segment.FirstRow + segment.Rows; row++) Scalar(segment, head, row, column);
        }

        /// <summary>
        /// Rows in chunks, as far as there are such; then row by row. Columns of the state are by themselves, a vector of them at a time.
        /// </summary>
        public void Portable<TLanes>(Segment segment, int head)
            where TLanes : struct, ILanes<TLanes>
        {
            var (row, end, columns) = (segment.FirstRow, segment.FirstRow + segment.Rows, shape.ValueDim / TLanes.Count * TLanes.Count);
            if (segment.Rows >= RecurrentChunk.Rows && columns > 0)
            {
                var chunk = new RecurrentChunk((float*)Scratch.Take(RecurrentChunk.Floats(shape.KeyDim) * sizeof(float)), shape.KeyDim, delta);
                for (; row <= end - RecurrentChunk.Rows; row += RecurrentChunk.Rows) Chunk<TLanes>(ref chunk, segment, head, row, columns);
            }

            for (var column = 0; column < columns; column += TLanes.Count)
                for (var rest = row; rest < end; rest++) Vector<TLanes>(segment, head, rest, column);
            for (var column = columns; column < shape.ValueDim; column++)
                for (row = segment.FirstRow; row < end; row++) Scalar(segment, head, row, column);
        }

        void Chunk<TLanes>(ref RecurrentChunk chunk, Segment segment, int head, int row, int columns)
            where TLanes : struct, ILanes<TLanes>
        {
            float* key = Shared(k, row, head), query = Shared(q, row, head);
            var constant = MathF.Exp(rates[head]);
            if (EachChannel) chunk.RelateChannels<TLanes>(key, k.Stride, query, q.Stride, Decays(row, head), decay.Stride);
            else if (decay.Columns > 0) chunk.Relate<TLanes>(key, k.Stride, query, q.Stride, decay.RowPointer(row) + head, decay.Stride);
            else chunk.Relate<TLanes>(key, k.Stride, query, q.Stride, &constant, 0);
            float* values = v.RowPointer(row) + (head * shape.ValueDim), results = y.RowPointer(row) + (head * shape.ValueDim);
            var betas = beta is { } factor ? factor.RowPointer(row) + head : null;
            for (var column = 0; column < columns; column += TLanes.Count)
                chunk.Run<TLanes>(
                    StateOf(segment, head) + column, shape.ValueDim, values + column, v.Stride, results + column, y.Stride, betas, beta?.Stride ?? 0, scale, skip == null ? 0 : skip[head]);
        }

        void Scalar(Segment segment, int head, int row, int column)
        {
            float* s = StateOf(segment, head) + column, key = Shared(k, row, head), query = Shared(q, row, head);
            var value = v.RowPointer(row)[(head * shape.ValueDim) + column];
            var answer = 0.0;
            if (delta)
                for (var i = 0; i < shape.KeyDim; i++) answer += (double)key[i] * Decay(row, head, i) * s[i * shape.ValueDim];
            var (enters, sum) = ((value - answer) * Beta(row, head), 0.0);
            for (var i = 0; i < shape.KeyDim; i++, s += shape.ValueDim)
            {
                *s = (float)(((double)*s * Decay(row, head, i)) + (key[i] * enters));
                sum += (double)query[i] * *s;
            }

            y.RowPointer(row)[(head * shape.ValueDim) + column] = (float)((sum * scale) + (skip == null ? 0 : skip[head] * (double)value));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        void Vector<TLanes>(Segment segment, int head, int row, int column)
            where TLanes : struct, ILanes<TLanes>
        {
            float* start = StateOf(segment, head) + column, key = Shared(k, row, head), query = Shared(q, row, head);
            var (dim, stride) = (shape.KeyDim, shape.ValueDim);
            var decays = EachChannel ? Decays(row, head) : null;
            var common = decays == null ? Decay(row, head, 0) : 0;
            var value = TLanes.Load(v.RowPointer(row) + (head * stride) + column);

            // Two sums, so that one addition need not wait for the other.
            var (even, odd, i) = (TLanes.Create(0), TLanes.Create(0), 0);
            var s = start;
            if (delta)
            {
                for (; i < dim - 1; i += 2, s += 2 * stride)
                {
                    even = TLanes.MultiplyAdd(TLanes.Create(key[i] * (decays == null ? common : decays[i])), TLanes.Load(s), even);
                    odd = TLanes.MultiplyAdd(TLanes.Create(key[i + 1] * (decays == null ? common : decays[i + 1])), TLanes.Load(s + stride), odd);
                }

                if (i < dim) even = TLanes.MultiplyAdd(TLanes.Create(key[i] * (decays == null ? common : decays[i])), TLanes.Load(s), even);
            }

            var enters = (value - (even + odd)) * TLanes.Create(Beta(row, head));
            (even, odd, i) = (TLanes.Create(0), TLanes.Create(0), 0);
            s = start;
            for (; i < dim - 1; i += 2, s += 2 * stride)
            {
                even = TLanes.MultiplyAdd(TLanes.Create(query[i]), Step(s, decays == null ? common : decays[i], key[i], enters), even);
                odd = TLanes.MultiplyAdd(TLanes.Create(query[i + 1]), Step(s + stride, decays == null ? common : decays[i + 1], key[i + 1], enters), odd);
            }

            if (i < dim) even = TLanes.MultiplyAdd(TLanes.Create(query[i]), Step(s, decays == null ? common : decays[i], key[i], enters), even);
            var result = (even + odd) * TLanes.Create(scale);
            if (skip != null) result = TLanes.MultiplyAdd(TLanes.Create(skip[head]), value, result);
            result.Store(y.RowPointer(row) + (head * stride) + column);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static TLanes Step<TLanes>(float* s, float decay, float key, TLanes enters)
            where TLanes : struct, ILanes<TLanes>
        {
            var next = TLanes.MultiplyAdd(TLanes.Create(key), enters, TLanes.Load(s) * TLanes.Create(decay));
            next.Store(s);
            return next;
        }

        float Decay(int row, int head, int channel)
            => decay.Columns == 0 ? MathF.Exp(rates[head]) : EachChannel ? Decays(row, head)[channel] : decay.RowPointer(row)[head];

        float* Decays(int row, int head) => decay.RowPointer(row) + (head * shape.KeyDim);

        float Beta(int row, int head) => beta is { } factor ? factor.RowPointer(row)[head] : 1;

        float* StateOf(Segment segment, int head) => state.At(segment.Slot) + (head * shape.KeyDim * shape.ValueDim);

        /// <summary>A row's query or key of a head.</summary>
        float* Shared(Tensor x, int row, int head) => x.RowPointer(row) + ((shape.Tiled ? head % shape.KeyHeads : head / (shape.Heads / shape.KeyHeads)) * shape.KeyDim);
    }
}
