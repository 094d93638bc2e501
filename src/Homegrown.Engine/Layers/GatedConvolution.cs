using Homegrown.Engine.Cache;
using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// A short convolution between two gates, out(c * conv(b * x)), in which b, c and x are one product of the input (LFM2, arXiv
/// 2511.23404 §2).
/// </summary>
public sealed class GatedConvolution : IMixer
{
    readonly Linear input, output;
    readonly ShortConvolution convolution;

    /// <summary>Takes shortconv.in_proj, shortconv.conv and shortconv.out_proj.</summary>
    /// <param name="width">Tokens that the convolution sees, its own included.</param>
    public GatedConvolution(Weights w, int hidden, int width, KvShape kept)
    {
        input = w.Linear("shortconv.in_proj", hidden, 3 * hidden);
        convolution = new(w.Matrix("shortconv.conv", hidden, width), w.VectorOrEmpty("shortconv.conv.bias", hidden), hidden, silu: false, kept);
        output = w.Linear("shortconv.out_proj", hidden, hidden);
    }

    public Tensor Forward(Tensor x, Batch batch)
    {
        var (parts, hidden) = (input.Forward(x), x.Columns);                 // [tokens, hidden of b | of c | of x]
        var (b, c, inner) = (parts.Slice(0, hidden), parts.Slice(hidden, hidden), parts.Slice(2 * hidden, hidden));
        return output.Forward(Multiply.Forward(convolution.Forward(Multiply.Forward(inner, b), batch), c));
    }
}
