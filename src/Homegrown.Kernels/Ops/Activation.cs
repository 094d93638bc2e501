namespace Homegrown.Kernels.Ops;

/// <summary>What a feed-forward block does to each number, or to each gate.</summary>
public enum Activation
{
    /// <summary>x * sigmoid(x) (Elfwing et al. 2017, arXiv 1702.03118).</summary>
    Silu,

    /// <summary>x * Φ(x), by the error function (Hendrycks and Gimpel 2016, arXiv 1606.08415).</summary>
    Gelu,

    /// <summary>The same by its authors' tanh.</summary>
    GeluTanh,

    /// <summary>The same of x rounded to half precision, and rounded so: llama.cpp's table.</summary>
    GeluTanhHalf,

    Relu,

    /// <summary>relu(x)² (So et al. 2021, arXiv 2109.08668).</summary>
    ReluSquared,

    Sigmoid,

    Tanh,

    Softplus,
}

/// <summary>An activation as a type: loops over numbers are compiled for each.</summary>
interface IActivation
{
    static abstract float Of(float x);

    static abstract TLanes Of<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>;
}

/// <summary>Code that is generic over the activation; <see cref="Activations.Visit"/> supplies the type.</summary>
interface IActivationVisitor
{
    void Visit<TActivation>()
        where TActivation : struct, IActivation;
}

/// <summary>The one place where an activation becomes a static type.</summary>
static class Activations
{
    public static void Visit<TVisitor>(Activation activation, TVisitor visitor)
        where TVisitor : struct, IActivationVisitor
    {
        switch (activation)
        {
            case Activation.Silu: visitor.Visit<Silu>(); break;
            case Activation.Gelu: visitor.Visit<Gelu>(); break;
            case Activation.GeluTanh: visitor.Visit<GeluTanh>(); break;
            case Activation.GeluTanhHalf: visitor.Visit<GeluTanhHalf>(); break;
            case Activation.Relu: visitor.Visit<Relu>(); break;
            case Activation.ReluSquared: visitor.Visit<ReluSquared>(); break;
            case Activation.Sigmoid: visitor.Visit<Sigmoid>(); break;
            case Activation.Tanh: visitor.Visit<Tanh>(); break;
            case Activation.Softplus: visitor.Visit<Softplus>(); break;
            default: throw new ArgumentOutOfRangeException(nameof(activation), activation, "There is no such activation.");
        }
    }

    readonly struct Silu : IActivation
    {
        public static float Of(float x) => x / (1 + MathF.Exp(-x));

        public static TLanes Of<TLanes>(TLanes x)
            where TLanes : struct, ILanes<TLanes>
            => x / (TLanes.Create(1) + LaneMath.Exp(TLanes.Create(0) - x));
    }

    readonly struct Sigmoid : IActivation
    {
        public static float Of(float x) => 1 / (1 + MathF.Exp(-x));

        public static TLanes Of<TLanes>(TLanes x)
            where TLanes : struct, ILanes<TLanes>
            => TLanes.Create(1) / (TLanes.Create(1) + LaneMath.Exp(TLanes.Create(0) - x));
    }

    readonly struct Tanh : IActivation
    {
        public static float Of(float x) => MathF.Tanh(x);

        public static TLanes Of<TLanes>(TLanes x)
            where TLanes : struct, ILanes<TLanes>
            => LaneMath.Tanh(x);
    }

    readonly struct Gelu : IActivation
    {
        public static float Of(float x) => 0.5f * x * (1 + (float)LaneMath.Erf(x / Math.Sqrt(2)));

        public static TLanes Of<TLanes>(TLanes x)
            where TLanes : struct, ILanes<TLanes>
            => TLanes.Create(0.5f) * x * (TLanes.Create(1) + LaneMath.Erf(x * TLanes.Create(0.70710678f)));
    }

    readonly struct GeluTanh : IActivation
    {
        const float Root = 0.79788456f, Cubic = 0.044715f;     // sqrt(2 / π), §2

        public static float Of(float x) => 0.5f * x * (1 + MathF.Tanh(Root * x * (1 + (Cubic * x * x))));

        public static TLanes Of<TLanes>(TLanes x)
            where TLanes : struct, ILanes<TLanes>
        {
            var one = TLanes.Create(1);
            return TLanes.Create(0.5f) * x * (one + LaneMath.Tanh(TLanes.Create(Root) * x * TLanes.MultiplyAdd(TLanes.Create(Cubic) * x, x, one)));
        }
    }

    readonly struct GeluTanhHalf : IActivation
    {
        public static float Of(float x) => MathF.Abs(x) >= 10 ? MathF.Max(x, 0) : (float)(Half)GeluTanh.Of((float)(Half)x);

        // For comparisons alone: lane by lane.
        public static TLanes Of<TLanes>(TLanes x)
            where TLanes : struct, ILanes<TLanes>
            => LaneByLane<GeluTanhHalf, TLanes>(x);
    }

    readonly struct Relu : IActivation
    {
        public static float Of(float x) => x > 0 ? x : float.IsNaN(x) ? x : 0;

        public static TLanes Of<TLanes>(TLanes x)
            where TLanes : struct, ILanes<TLanes>
            => TLanes.Max(TLanes.Create(0), x);
    }

    readonly struct ReluSquared : IActivation
    {
        public static float Of(float x) => Relu.Of(x) * Relu.Of(x);

        public static TLanes Of<TLanes>(TLanes x)
            where TLanes : struct, ILanes<TLanes>
            => Relu.Of(x) * Relu.Of(x);
    }

    readonly struct Softplus : IActivation
    {
        public static float Of(float x) => MathF.Max(x, 0) + MathF.Log(1 + MathF.Exp(-MathF.Abs(x)));

        public static TLanes Of<TLanes>(TLanes x)
            where TLanes : struct, ILanes<TLanes>
            => LaneMath.Softplus(x);
    }

    static unsafe TLanes LaneByLane<TActivation, TLanes>(TLanes x)
        where TActivation : struct, IActivation
        where TLanes : struct, ILanes<TLanes>
    {
        var values = stackalloc float[TLanes.Count];
        x.Store(values);
        for (var i = 0; i < TLanes.Count; i++) values[i] = TActivation.Of(values[i]);
        return TLanes.Load(values);
    }
}
