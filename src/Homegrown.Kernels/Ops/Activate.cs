namespace Homegrown.Kernels.Ops;

/// <summary>An activation on every number, in place.</summary>
public static unsafe class Activate
{
    public static Tensor Forward(Tensor x, Activation activation)
    {
        Activations.Visit(activation, new Visitor(x));
        return x;
    }

    readonly struct Visitor(Tensor x) : IActivationVisitor
    {
        public void Visit<TActivation>()
            where TActivation : struct, IActivation
            => RowKernels.Run(x.Compute, x.Rows, x.Columns, new Kernel<TActivation>(x));
    }

    readonly struct Kernel<TActivation>(Tensor x) : IRowKernel
        where TActivation : struct, IActivation
    {
        public void Reference(int row) => Scalar(row, 0);

        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
        {
            var values = x.RowPointer(row);
            var i = 0;
            for (; i <= x.Columns - TLanes.Count; i += TLanes.Count) TActivation.Of(TLanes.Load(values + i)).Store(values + i);
            Scalar(row, i);
        }

        void Scalar(int row, int i)
        {
            var values = x.RowPointer(row);
            for (; i < x.Columns; i++) values[i] = TActivation.Of(values[i]);
        }
    }
}
