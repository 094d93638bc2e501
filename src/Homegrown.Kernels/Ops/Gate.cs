namespace Homegrown.Kernels.Ops;

/// <summary>What a gate's numbers go through.</summary>
public enum GateActivation
{
    Sigmoid,

    /// <summary>x * sigmoid(x).</summary>
    Silu,
}

/// <summary>A result times a gate: of attention, of a delta-net's normed heads, of Mamba's channels.</summary>
public static unsafe class Gate
{
    /// <summary>y *= activation(gate), in place.</summary>
    /// <param name="y">[rows, columns].</param>
    /// <param name="gate">[rows, columns], or [rows, gates] where each gate holds for columns / gates neighbours (a head).</param>
    /// <exception cref="ArgumentException">Shapes do not fit each other.</exception>
    public static void Multiply(Tensor y, Tensor gate, GateActivation activation)
    {
        if (y.Rows != gate.Rows || (gate.Columns == 0 ? y.Columns != 0 : y.Columns % gate.Columns != 0))
            throw new ArgumentException($"A gate [{gate.Rows}, {gate.Columns}] does not fit [{y.Rows}, {y.Columns}].", nameof(gate));
        if (y.Columns > 0) RowKernels.Run(y.Compute, y.Rows, y.Columns, new Kernel(y, gate, activation));
    }

    readonly struct Kernel(Tensor y, Tensor gate, GateActivation activation) : IRowKernel
    {
        public void Reference(int row) => Scalar(row, 0);

        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
        {
            float* values = y.RowPointer(row), gates = gate.RowPointer(row);
            var i = 0;
            if (gate.Columns == y.Columns)
            {
                var (zero, one) = (TLanes.Create(0), TLanes.Create(1));
                for (; i <= y.Columns - TLanes.Count; i += TLanes.Count)
                {
                    var x = TLanes.Load(gates + i);
                    var factor = (activation == GateActivation.Silu ? x : one) / (one + LaneMath.Exp(zero - x));
                    (TLanes.Load(values + i) * factor).Store(values + i);
                }
            }

            Scalar(row, i);
        }

        void Scalar(int row, int i)
        {
            float* values = y.RowPointer(row), gates = gate.RowPointer(row);
            var each = y.Columns / gate.Columns;
            for (; i < y.Columns; i++)
            {
                var x = gates[i / each];
                values[i] *= (activation == GateActivation.Silu ? x : 1) / (1 + MathF.Exp(-x));
            }
        }
    }
}
