using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>down(xIELU(up x)), with learned slopes (Huang and Schlag 2024, arXiv 2411.13010 §3).</summary>
/// <param name="alphaP">Of positive numbers, before the softplus that keeps it above 0.</param>
/// <param name="alphaN">Of negative ones, before its softplus and the beta that keeps it above beta.</param>
public sealed class XieluLayer(Linear up, Linear down, float alphaP, float alphaN, float beta, float epsilon) : IFeedForward
{
    readonly float rise = Softplus(alphaP), fall = beta + Softplus(alphaN);

    public Tensor Forward(Tensor x, Batch batch) => down.Forward(Xielu.Forward(up.Forward(x), rise, fall, beta, epsilon));

    static float Softplus(float x) => MathF.Max(x, 0) + MathF.Log(1 + MathF.Exp(-MathF.Abs(x)));
}
