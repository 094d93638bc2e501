namespace Homegrown.Kernels.Ops;

/// <summary>How a gate opens.</summary>
/// <param name="Activation">Of the gate.</param>
public readonly record struct Gate(Activation Activation)
{
    /// <summary>SwiGLU's, of most families.</summary>
    public static Gate Silu { get; } = new(Activation.Silu);

    /// <summary>The gate is taken this many times inside the activation and once outside: silu(alpha g) / alpha (gpt-oss: 1.702).</summary>
    public float Alpha { get; init; } = 1;

    /// <summary>The gate is cut above, what passes on both sides; null where nothing is.</summary>
    public float? Limit { get; init; }

    /// <summary>The gate is cut after its activation, not before.</summary>
    public bool CutsAfter { get; init; }

    /// <summary>Added to what passes (gpt-oss: 1).</summary>
    public float Shift { get; init; }
}

/// <summary>Gated activations (Shazeer 2020, arXiv 2002.05202): activation(gate) * up, with the cuts that some families make.</summary>
public static unsafe class Gated
{
    /// <summary>[rows, 2 * n], gate first, to [rows, n].</summary>
    /// <exception cref="ArgumentException">The columns are odd.</exception>
    public static Tensor Forward(Tensor gateUp, Gate gate)
    {
        var y = gateUp.Compute.Rent(gateUp.Rows, gateUp.Columns / 2);
        Forward(gateUp, gate, y);
        return y;
    }

    /// <summary>The same into <paramref name="y"/>, which may be the gate itself.</summary>
    internal static void Forward(Tensor gateUp, Gate gate, Tensor y)
    {
        if (gateUp.Columns % 2 != 0) throw new ArgumentException($"{gateUp.Columns} columns are no gate and up.", nameof(gateUp));
        Activations.Visit(gate.Activation, new Visitor(gateUp, y, gate));
    }

    readonly struct Visitor(Tensor gateUp, Tensor y, Gate gate) : IActivationVisitor
    {
        public void Visit<TActivation>()
            where TActivation : struct, IActivation
            => RowKernels.Run(y.Compute, y.Rows, y.Columns, new Kernel<TActivation>(gateUp, y, gate));
    }

    readonly struct Kernel<TActivation>(Tensor gateUp, Tensor y, Gate gate) : IRowKernel
        where TActivation : struct, IActivation
    {
        readonly float limit = gate.Limit ?? float.MaxValue;

        public void Reference(int row) => Scalar(row, 0);

        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
        {
            float* from = gateUp.RowPointer(row), to = y.RowPointer(row);
            var (alpha, inverse, high, low, shift) = (TLanes.Create(gate.Alpha), TLanes.Create(1 / gate.Alpha), TLanes.Create(limit), TLanes.Create(-limit), TLanes.Create(gate.Shift));
            var i = 0;
            for (; i <= y.Columns - TLanes.Count; i += TLanes.Count)
            {
                var (g, up) = (TLanes.Load(from + i), TLanes.Load(from + y.Columns + i));
                if (!gate.CutsAfter) g = TLanes.Min(high, g);
                g = TActivation.Of(alpha * g) * inverse;
                if (gate.CutsAfter) g = TLanes.Min(high, g);
                (g * (TLanes.Max(low, TLanes.Min(high, up)) + shift)).Store(to + i);
            }

            Scalar(row, i);
        }

        void Scalar(int row, int i)
        {
            float* from = gateUp.RowPointer(row), to = y.RowPointer(row);
            for (; i < y.Columns; i++)
            {
                var g = gate.CutsAfter ? from[i] : MathF.Min(limit, from[i]);
                g = TActivation.Of(gate.Alpha * g) / gate.Alpha;
                if (gate.CutsAfter) g = MathF.Min(limit, g);
                to[i] = g * (MathF.Max(-limit, MathF.Min(limit, from[y.Columns + i])) + gate.Shift);
            }
        }
    }
}
