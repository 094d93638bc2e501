using Homegrown.Engine.Cache;
using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>Sizes of a Mamba-2 layer: the keys <c>ssm.*</c>.</summary>
/// <param name="Inner">Width of x and of its gate: all heads.</param>
/// <param name="Groups">Of heads that share B and C, and are normed together.</param>
/// <param name="Width">Tokens that the convolution sees, its own included.</param>
public sealed record Mamba2Shape(int Inner, int Heads, int Groups, int StateDim, int Width)
{
    /// <summary>The shortest and longest step.</summary>
    public (float Least, float Most) Steps { get; init; } = (0, float.PositiveInfinity);

    /// <summary>Reads the keys.</summary>
    public static Mamba2Shape Read(ModelMetadata keys)
    {
        var shape = new Mamba2Shape(
            keys.Positive("ssm.inner_size"), keys.Positive("ssm.time_step_rank"), keys.Optional("ssm.group_count", () => 1), keys.Positive("ssm.state_size"), keys.Positive("ssm.conv_kernel"));
        if (shape.Inner % shape.Heads != 0) throw keys.Error("ssm.inner_size", $"{shape.Inner} is no multiple of the {shape.Heads} heads");
        if (shape.Heads % shape.Groups != 0) throw keys.Error("ssm.group_count", $"{shape.Groups} does not divide the {shape.Heads} heads");
        if (keys.Text("ssm.activation") is { } name and not ("silu" or "swish")) throw keys.Error("ssm.activation", $"'{name}' is not supported (silu is)");
        return keys.Numbers("ssm.time_step_limit", 2) is { } limits ? shape with { Steps = ((float)limits[0], (float)limits[1]) } : shape;
    }
}

/// <summary>
/// The whole of a Mamba-2 layer (Dao and Gu 2024, arXiv 2405.21060 §7): one product makes gate, x, B, C and step; x, B and C pass a short
/// convolution; the state space's results are gated, normed by groups and brought back.
/// </summary>
public sealed class Mamba2Mixer : IMixer
{
    readonly Mamba2Shape shape;
    readonly Linear input, output;
    readonly ShortConvolution convolution;
    readonly Mamba2 states;
    readonly float[] gain;
    readonly float epsilon;

    /// <summary>Takes ssm_in, ssm_conv1d, ssm_dt.bias, ssm_a, ssm_d, ssm_out and, where the model has it, ssm_norm.</summary>
    public Mamba2Mixer(Weights w, int hidden, Mamba2Shape shape, float epsilon, KvShape kept)
    {
        (this.shape, this.epsilon) = (shape, epsilon);
        var convolved = shape.Inner + (2 * shape.Groups * shape.StateDim);
        input = w.Linear("ssm_in", hidden, shape.Inner + convolved + shape.Heads);
        convolution = new(w.Matrix("ssm_conv1d", convolved, shape.Width), w.VectorOrEmpty("ssm_conv1d.bias", convolved), convolved, silu: true, kept);
        states = new(
            shape.Heads, shape.Groups, shape.StateDim, shape.Inner / shape.Heads,
            w.Vector("ssm_a", shape.Heads), w.Vector("ssm_d", shape.Heads), w.Vector("ssm_dt.bias", shape.Heads), shape.Steps, kept);
        gain = w.Has("ssm_norm") ? w.Matrix("ssm_norm", shape.Groups, shape.Inner / shape.Groups) : [];
        output = w.Linear("ssm_out", shape.Inner, hidden);
    }

    /// <summary>Multiplies what the input's product gives, [inner | inner | groups * stateDim | groups * stateDim | heads] (Falcon-H1); empty where nothing does.</summary>
    public float[] InputScales { get; init; } = [];

    /// <summary>The norm comes before the gate.</summary>
    public bool NormsFirst { get; init; }

    public Tensor Forward(Tensor x, Batch batch)
    {
        var (inner, shared) = (shape.Inner, shape.Groups * shape.StateDim);
        var parts = input.Forward(x);
        if (InputScales.Length > 0) Multiply.Columns(parts, InputScales);
        var gate = Activate.Forward(parts.Slice(0, inner), Activation.Silu);
        var mixed = convolution.Forward(parts.Slice(inner, inner + (2 * shared)), batch);      // [tokens, inner of x | shared of B | shared of C]
        var dt = parts.Slice((2 * inner) + (2 * shared), shape.Heads);
        var y = states.Forward(mixed.Slice(0, inner), mixed.Slice(inner, shared), mixed.Slice(inner + shared, shared), dt, batch);
        y = NormsFirst ? Multiply.Forward(Normed(y), gate) : Normed(Multiply.Forward(y, gate));
        return output.Forward(y);
    }

    Tensor Normed(Tensor x) => gain.Length > 0 ? RmsNorm.Forward(x, gain, epsilon, shape.Inner / shape.Groups) : x;
}
