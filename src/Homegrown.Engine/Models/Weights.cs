using Homegrown.Engine.Formats;
using Homegrown.Engine.Layers;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Models;

/// <summary>
/// A file's tensors by canonical (GGUF) name, as layers. A missing tensor or a wrong shape is an error that names file and
/// tensor; tensors that no layer took are reported.
/// </summary>
public class Weights
{
    /// <summary>
    /// The product whose inputs are taken in 16 bits: of all the error that 8 bits bring into the embedded model, two fifths come in
    /// here, with 3% of the work. A value is read by every later position.
    /// </summary>
    const string Values = "attn_v";

    readonly GgufFile file;
    readonly PackedWeights packing;
    readonly HashSet<string> taken;
    readonly string prefix;

    /// <param name="file">Must outlive the layers.</param>
    /// <param name="packing">Packs the matrices of products; it must outlive the layers.</param>
    public Weights(GgufFile file, PackedWeights packing)
        : this(file, packing, [], "")
    {
    }

    Weights(GgufFile file, PackedWeights packing, HashSet<string> taken, string prefix)
        => (this.file, this.packing, this.taken, this.prefix) = (file, packing, taken, prefix);

    /// <summary>Builds <paramref name="count"/> layers, each from the tensors under blk.{layer}.</summary>
    public TLayer[] Layers<TLayer>(int count, Func<int, Weights, TLayer> build)
    {
        var layers = new TLayer[count];
        for (var layer = 0; layer < count; layer++) layers[layer] = build(layer, new Weights(file, packing, taken, $"blk.{layer}."));
        return layers;
    }

    /// <summary>Rows of the token table.</summary>
    public int Rows(string name)
        => checked((int)(file.Tensor($"{prefix}{name}.weight") ?? throw Missing($"{prefix}{name}.weight")).Rows);

    public bool Has(string name) => file.Tensor($"{prefix}{name}.weight") is not null;

    /// <summary>A table of <paramref name="rows"/> rows of <paramref name="width"/> values.</summary>
    public EmbeddingLayer Embedding(string name, int rows, int width) => new($"{prefix}{name}.weight", Take($"{prefix}{name}.weight", rows, width));

    /// <summary>A norm with a gain of <paramref name="width"/> values.</summary>
    public RmsNormLayer RmsNorm(string name, int width, float epsilon) => new(Vector($"{prefix}{name}.weight", width), epsilon);

    /// <summary>A product from <paramref name="inputs"/> to <paramref name="outputs"/>, with the bias if the file has one.</summary>
    public Linear Linear(string name, int inputs, int outputs) => Fused(inputs, (name, outputs));

    /// <summary>A product, or one with the embedding's table where the file has no head of its own.</summary>
    public Linear LinearOr(string name, int inputs, int outputs, EmbeddingLayer tied)
        => Has(name) ? Linear(name, inputs, outputs) : new Linear(new Matrix(tied.Table = Packed(tied.Name, tied.Table)));

    /// <summary>Several products of the same input as one; their outputs stand side by side.</summary>
    public Linear Fused(int inputs, params ReadOnlySpan<(string Name, int Outputs)> parts)
    {
        var matrices = new Weight[parts.Length];
        var bias = default(float[]);
        var first = 0;
        for (var i = 0; i < parts.Length; i++)
        {
            var (name, outputs) = parts[i];
            var tensor = $"{prefix}{name}.weight";
            matrices[i] = Packed(tensor, Take(tensor, outputs, inputs) with { FineInputs = name == Values });
            if (file.Tensor($"{prefix}{name}.bias") is not null)
            {
                bias ??= NewBias(parts);
                Vector($"{prefix}{name}.bias", outputs).CopyTo(bias, first);
            }

            first += outputs;
        }

        return new Linear(new Matrix(matrices), bias);

        static float[] NewBias(ReadOnlySpan<(string Name, int Outputs)> parts)
        {
            var total = 0;
            foreach (var (_, outputs) in parts) total += outputs;
            return new float[total];
        }
    }

    /// <summary>The gated feed-forward block.</summary>
    public SwiGluLayer SwiGlu(string gate, string up, string down, int hidden, int inner)
        => new(Fused(hidden, (gate, inner), (up, inner)), Linear(down, inner, hidden));

    /// <summary>A vector as float32, or an empty one where the file has none.</summary>
    public float[] VectorOrEmpty(string name, int width) => Has(name) ? Vector($"{prefix}{name}.weight", width) : [];

    /// <summary>Tensors that no layer took: parts of the model that would be ignored.</summary>
    public IEnumerable<string> Unread() => file.Tensors.Select(tensor => tensor.Name).Where(name => !taken.Contains(name));

    float[] Vector(string name, int width)
    {
        var values = new float[width];
        Take(name, 1, width).Dequantize(0, values);
        return values;
    }

    /// <summary>For products: packed where that serves, and then no longer kept as stored.</summary>
    Weight Packed(string name, Weight weight)
    {
        if (!packing.Serves(weight)) return weight;
        var packed = packing.Pack(weight);
        file.Release(file.Tensor(name)!);
        return packed;
    }

    Weight Take(string name, int rows, int columns)
    {
        var tensor = file.Tensor(name) ?? throw Missing(name);
        var weight = file.Weight(tensor);
        if (weight.Rows != rows || weight.Columns != columns)
            throw new ModelFileException(file.Paths[tensor.File], name, tensor.Offset, $"has shape [{weight.Rows}, {weight.Columns}], the model needs [{rows}, {columns}]");
        if (!QuantFormats.IsSupported(weight.Type))
            throw new ModelFileException(file.Paths[tensor.File], name, tensor.Offset, $"is stored as {weight.Type}, which this build cannot compute with");
        taken.Add(name);
        return weight;
    }

    ModelFileException Missing(string name) => new(file.Paths[0], name, 0, "is missing: the file lacks a tensor that the model needs");
}
