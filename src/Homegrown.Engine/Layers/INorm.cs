using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>Brings rows, or heads of rows, to a common size.</summary>
public interface INorm
{
    /// <summary>A new tensor of the same shape; of the last norm of a model of several streams, of one.</summary>
    Tensor Forward(Tensor x);
}

/// <summary>Root-mean-square norm with a learned gain, [width]: over a whole row, or over each head when width is headDim.</summary>
public sealed class RmsNormLayer(float[] gain, float epsilon) : INorm
{
    public Tensor Forward(Tensor x) => RmsNorm.Forward(x, gain, epsilon);
}

/// <summary>Layer norm of each head by itself, with a gain for each of their numbers, [heads * headDim].</summary>
public sealed class HeadsLayerNorm(float[] gains, int headDim, float epsilon) : INorm
{
    readonly float[] ones = [.. Enumerable.Repeat(1f, headDim)];

    public Tensor Forward(Tensor x) => Multiply.Columns(LayerNorm.Forward(x, ones, [], epsilon), gains);
}

/// <summary>Layer norm with gain and bias, [width]; an empty bias adds nothing.</summary>
public sealed class LayerNormLayer(float[] gain, float[] bias, float epsilon) : INorm
{
    public Tensor Forward(Tensor x) => LayerNorm.Forward(x, gain, bias, epsilon);
}
