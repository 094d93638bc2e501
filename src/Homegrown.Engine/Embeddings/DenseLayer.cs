using Homegrown.Engine.Formats;
using Homegrown.Engine.Formats.Safetensors;
using Homegrown.Engine.Layers;
using Homegrown.Engine.Tokenizers.Folders;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Embeddings;

/// <summary>A dense layer after the pooling: a folder with a config.json and one product (sentence-transformers' Dense).</summary>
sealed class DenseLayer : IDisposable
{
    readonly SafetensorsFolder? folder;
    readonly Linear product;
    readonly Activation? activation;

    /// <summary>A layer without bias and activation, as GGUF keeps EmbeddingGemma's (dense_2, dense_3).</summary>
    /// <param name="outputs">Numbers of the vectors that come out.</param>
    public DenseLayer(Linear product, int outputs) => (this.product, Outputs) = (product, outputs);

    /// <param name="inputs">Numbers of the vectors that come in.</param>
    /// <exception cref="ModelFileException">A file is missing or not what it says, or the layer does not fit.</exception>
    public DenseLayer(string path, int inputs)
    {
        var config = JsonSource.Open(Path.Combine(path, "config.json"));
        activation = ReadActivation(config["activation_function"]);
        Outputs = config["out_features"].Number;
        folder = SafetensorsFolder.Open(path);
        try
        {
            var weight = folder.Matrix("linear") ?? throw new ModelFileException(folder.Path, "linear.weight", null, "is missing: the layer needs it");
            if (!weight.Shape.SequenceEqual([Outputs, inputs])) throw weight.Error($"has shape [{string.Join(", ", weight.Shape)}], the layer needs [{Outputs}, {inputs}]");
            product = new(new Matrix(weight.Open()), Bias(folder.Matrix("linear.bias")));
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Numbers of the vectors that come out.</summary>
    public int Outputs { get; }

    /// <summary>[texts, inputs] to [texts, outputs].</summary>
    public Tensor Forward(Tensor x)
    {
        var y = product.Forward(x);
        return activation is { } known ? Activate.Forward(y, known) : y;
    }

    public void Dispose() => folder?.Dispose();

    float[]? Bias(ModelTensor? stored)
    {
        if (stored is null) return null;
        if (stored.Shape.Count != 1 || stored.Columns != Outputs) throw stored.Error($"is no bias of {Outputs} numbers");
        var bias = new float[Outputs];
        stored.Open().Dequantize(0, bias);
        return bias;
    }

    static Activation? ReadActivation(JsonField name) => name.Text.Split('.')[^1] switch
    {
        "Identity" => null,
        "Tanh" => Activation.Tanh,
        "ReLU" => Activation.Relu,
        "GELU" => Activation.Gelu,
        "Sigmoid" => Activation.Sigmoid,
        "SiLU" => Activation.Silu,
        var other => throw name.Error($"'{other}' is not supported (Identity, Tanh, ReLU, GELU, Sigmoid, SiLU are)"),
    };
}
