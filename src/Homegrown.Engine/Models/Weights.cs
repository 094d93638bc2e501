using System.Runtime.InteropServices;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Layers;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Models;

/// <summary>
/// A model's tensors by canonical (GGUF) name, as layers. A missing tensor or a wrong shape is an error that names file and tensor;
/// tensors that no layer took are reported.
/// </summary>
public sealed class Weights
{
    /// <summary>
    /// The product whose inputs are taken in 16 bits: of all the error that 8 bits bring into the embedded model, two fifths come in
    /// here, with 3% of the work. A value is read by every later position.
    /// </summary>
    const string Values = "attn_v";

    readonly ModelSource source;
    readonly PackedWeights packing;
    readonly WeightTally tally;
    readonly WeightRounding? rounding;
    readonly string prefix;

    /// <param name="source">Must outlive the layers.</param>
    /// <param name="packing">Packs the matrices of products; it must outlive the layers.</param>
    /// <param name="type">Matrices of products that are larger are rounded to it; null leaves them as they are.</param>
    public Weights(ModelSource source, PackedWeights packing, TensorType? type = null)
        : this(source, packing, new(), type is { } rounded ? new(rounded) : null, "")
    {
    }

    Weights(ModelSource source, PackedWeights packing, WeightTally tally, WeightRounding? rounding, string prefix)
        => (this.source, this.packing, this.tally, this.rounding, this.prefix) = (source, packing, tally, rounding, prefix);

    /// <summary>Bytes of products' weights that a decoded token reads, by type, of what was taken so far: of experts those that are chosen.</summary>
    public IReadOnlyDictionary<TensorType, long> BytesByType => tally.BytesByType;

    /// <inheritdoc cref="WeightTally.WidestLayer"/>
    internal long WidestLayer => tally.WidestLayer;

    /// <summary>Builds <paramref name="count"/> layers, each from the tensors under blk.{layer}.</summary>
    public TLayer[] Layers<TLayer>(int count, Func<int, Weights, TLayer> build)
    {
        var layers = new TLayer[count];
        for (var layer = 0; layer < count; layer++) layers[layer] = build(layer, Layer(layer));
        return layers;
    }

    /// <summary>The tensors under blk.{layer}.</summary>
    public Weights Layer(int layer) => new(source, packing, tally, rounding, $"blk.{layer}.");

    /// <summary>The tensors under a further name: "blk.{layer}.{part}".</summary>
    public Weights Part(string name) => new(source, packing, tally, rounding, $"{prefix}{name}.");

    /// <summary>Rows of the token table.</summary>
    public int Rows(string name) => checked((int)(source.Tensor(Full(name)) ?? throw source.Missing(Full(name))).Rows);

    public bool Has(string name) => source.Tensor(Full(name)) is not null;

    /// <summary>A table of <paramref name="rows"/> rows of <paramref name="width"/> values.</summary>
    public EmbeddingLayer Embedding(string name, int rows, int width)
    {
        var tensor = Take(Full(name), rows, width);
        return new(tensor, tensor.Open());
    }

    /// <summary>A norm with a gain of <paramref name="width"/> values.</summary>
    public RmsNormLayer RmsNorm(string name, int width, float epsilon) => new(Vector(name, width), epsilon);

    /// <summary>A norm of whole rows.</summary>
    public RmsNormLayer RmsNorm(string name, ModelConfig c) => RmsNorm(name, c.Hidden, c.NormEpsilon);

    /// <summary>Norms of q and k, each head by itself; null where the model has none.</summary>
    public (INorm Query, INorm Key)? HeadNorms(ModelConfig c)
        => Has("attn_q_norm") ? (RmsNorm("attn_q_norm", c.HeadDim, c.NormEpsilon), RmsNorm("attn_k_norm", c.HeadDim, c.NormEpsilon)) : null;

    /// <summary>Layer norms of q and k, each head by itself and with gains of its own; null where the model has none.</summary>
    public (INorm Query, INorm Key)? HeadLayerNorms(ModelConfig c)
        => Has("attn_q_norm") ? (HeadsNorm("attn_q_norm", c.Heads, c), HeadsNorm("attn_k_norm", c.KvHeads, c)) : null;

    HeadsLayerNorm HeadsNorm(string name, int heads, ModelConfig c) => new(Matrix(name, heads, c.HeadDim), c.HeadDim, c.NormEpsilon);

    /// <summary>A layer norm of whole rows, with the bias if the model has one.</summary>
    public LayerNormLayer LayerNorm(string name, ModelConfig c)
        => new(Vector(name, c.Hidden), Has($"{name}.bias") ? Vector($"{name}.bias", c.Hidden) : [], c.NormEpsilon);

    /// <summary>A product from <paramref name="inputs"/> to <paramref name="outputs"/>, with the bias if the model has one.</summary>
    public Linear Linear(string name, int inputs, int outputs) => Fused(inputs, (name, outputs));

    /// <summary>A product, or one with the embedding's table where the model has no head of its own.</summary>
    public Linear LinearOr(string name, int inputs, int outputs, EmbeddingLayer tied)
        => Has(name) ? Linear(name, inputs, outputs) : new Linear(new Matrix(tied.Table = Packed(tied.Tensor, tied.Table)));

    /// <summary>Several products of the same input as one; their outputs stand side by side.</summary>
    public Linear Fused(int inputs, params ReadOnlySpan<ProductPart> parts) => Join(inputs, parts, null);

    /// <summary>
    /// The gated feed-forward block: ffn_gate, ffn_up and ffn_down, or with <paramref name="kind"/> those of the shared expert
    /// ("_shexp"). Without ffn_gate, ffn_up holds both, gate first.
    /// </summary>
    public GatedLayer Gated(ModelConfig c) => Gated(c.Hidden, c.FeedForward, new(c.Activation));

    /// <inheritdoc cref="Gated(ModelConfig)"/>
    public GatedLayer Gated(int hidden, int inner, Gate gate, string kind = "")
    {
        var gateUp = Has($"ffn_gate{kind}") ? Fused(hidden, ($"ffn_gate{kind}", inner), ($"ffn_up{kind}", inner)) : Linear($"ffn_up{kind}", hidden, 2 * inner);
        return new(gateUp, Linear($"ffn_down{kind}", inner, hidden), gate);
    }

    /// <summary>The feed-forward block without a gate: ffn_up and ffn_down.</summary>
    public PlainLayer Plain(ModelConfig c, Activation activation) => Plain(c.Hidden, c.FeedForward, activation);

    /// <inheritdoc cref="Plain(ModelConfig, Activation)"/>
    public PlainLayer Plain(int hidden, int inner, Activation activation, string kind = "")
        => new(Linear($"ffn_up{kind}", hidden, inner), Linear($"ffn_down{kind}", inner, hidden), activation);

    /// <summary>
    /// Products of experts, gate and up as one: from stacks of each ([experts, inner, hidden]), or from one in which both stand, gate
    /// first (ffn_gate_up_exps). Biases where the model has them.
    /// </summary>
    /// <param name="used">Experts that a token passes through, for <see cref="BytesByType"/>.</param>
    /// <param name="gated">They have gates; otherwise what stands for both is ffn_up_exps alone.</param>
    public (Linear[] GateUps, Linear[] Downs) Experts(int count, int used, int hidden, int inner, bool gated = true)
    {
        var (gateUps, downs, share) = (new Linear[count], new Linear[count], (double)used / count);
        for (var expert = 0; expert < count; expert++)
        {
            var one = (expert, count, share);
            gateUps[expert] = !gated ? Join(hidden, [("ffn_up_exps", inner)], one)
                : Has("ffn_gate_up_exps") ? Join(hidden, [("ffn_gate_up_exps", 2 * inner)], one)
                : Join(hidden, [("ffn_gate_exps", inner), ("ffn_up_exps", inner)], one);
            downs[expert] = Join(inner, [("ffn_down_exps", hidden)], one);
        }

        return (gateUps, downs);
    }

    /// <param name="of">One expert of stacks of so many, through which that share of tokens passes; null where tensors stand alone.</param>
    Linear Join(int inputs, ReadOnlySpan<ProductPart> parts, (int Expert, int Count, double Share)? of)
    {
        var matrices = new Weight[parts.Length];
        var (bias, first, total) = (default(float[]), 0, 0);
        foreach (var part in parts) total += part.Outputs;
        for (var i = 0; i < parts.Length; i++)
        {
            var (part, name) = (parts[i], parts[i].Name);
            var tensor = Own(part, of is { } expert ? Take(Full(name), [expert.Count, part.Stored, inputs]).Slice(expert.Expert) : Take(Full(name), part.Stored, inputs));
            matrices[i] = Packed(tensor, tensor.Open() with { FineInputs = name == Values }, of?.Share ?? 1);
            if (Has($"{name}.bias"))
                Own(part, Take(Full($"{name}.bias"), of?.Count ?? 1, part.Stored)).Open().Dequantize(of?.Expert ?? 0, (bias ??= new float[total]).AsSpan(first, part.Outputs));
            first += part.Outputs;
        }

        return new Linear(new Matrix(matrices), bias);
    }

    /// <summary>The rows of a part, which live as long as the source where they had to be copied.</summary>
    ModelTensor Own(ProductPart part, ModelTensor stored)
    {
        var own = part.Of(stored);
        if (own != stored) source.Made.Add(own);
        return own;
    }

    /// <summary>A vector as float32.</summary>
    public float[] Vector(string name, int width)
    {
        var values = new float[width];
        var tensor = Take(Full(name), 1, width);
        var weight = tensor.Open();                                          // [width], or in some folders [1, 1, width, 1]
        for (var row = 0; row < weight.Rows; row++) weight.Dequantize(row, values.AsSpan(row * weight.Columns, weight.Columns));
        tensor.Release();
        return values;
    }

    /// <summary>A vector as float32, or an empty one where the model has none.</summary>
    public float[] VectorOrEmpty(string name, int width) => Has(name) ? Vector(name, width) : [];

    /// <summary>A small matrix as float32, row by row: [rows * columns].</summary>
    public float[] Matrix(string name, int rows, int columns)
    {
        var (tensor, values) = (Take(Full(name), rows, columns), new float[rows * columns]);
        var parts = tensor is StackedTensor stack ? stack.Parts : [tensor];
        for (var row = 0; row < rows; row++)
        {
            var (part, at) = Math.DivRem(row, rows / parts.Count);
            parts[part].Open().Reshape(rows / parts.Count, columns).Dequantize(at, values.AsSpan(row * columns, columns));
        }

        tensor.Release();
        return values;
    }

    /// <summary>A small matrix as float32, row after row.</summary>
    public float[] Floats(string name, int rows, int columns)
    {
        var (weight, values) = (Take(Full(name), rows, columns).Open(), new float[checked(rows * columns)]);
        for (var row = 0; row < rows; row++) weight.Dequantize(row, values.AsSpan(row * columns, columns));
        return values;
    }

    /// <summary>A small matrix of integers from 0 up, row by row: [rows * columns].</summary>
    /// <param name="below">They are smaller than this.</param>
    public long[] Integers(string name, int rows, int columns, long below = long.MaxValue)
    {
        var (tensor, values) = (Shaped(Full(name), rows, columns), new long[rows * columns]);
        var weight = tensor.Open().Reshape(rows, columns);
        for (var i = 0; i < values.Length; i++)
        {
            var row = weight.Row(i / columns);
            values[i] = tensor.Type switch
            {
                TensorType.I64 => MemoryMarshal.Cast<byte, long>(row)[i % columns],
                TensorType.I32 => MemoryMarshal.Cast<byte, int>(row)[i % columns],
                var type => throw tensor.Error($"is stored as {type}; it has to be integers"),
            };
            if (values[i] < 0 || values[i] >= below) throw tensor.Error($"has {values[i]}, which is not 0 to {below - 1}");
        }

        tensor.Release();
        return values;
    }

    /// <summary>The parts of a table whose rows are looked up, in order: one, or those in which a folder has it.</summary>
    public IReadOnlyList<Weight> Table(string name, int columns)
    {
        var tensor = source.Tensor(Full(name)) ?? throw source.Missing(Full(name));
        if (tensor.Columns != columns) throw tensor.Error($"has rows of {tensor.Columns}, the model needs {columns}");
        if (!QuantFormats.IsSupported(tensor.Type)) throw tensor.Error($"is stored as {tensor.Type}, which this build cannot compute with");
        return [.. (tensor is StackedTensor stack ? stack.Parts : [tensor]).Select(part => part.Open())];
    }

    /// <summary>1 / length of each row of a matrix.</summary>
    public float[] InverseLengths(string name, int rows, int columns)
    {
        var (weight, lengths, values) = (Take(Full(name), rows, columns).Open(), new float[rows], new float[columns]);
        for (var row = 0; row < rows; row++)
        {
            weight.Dequantize(row, values);
            var squares = 0.0;
            foreach (var value in values) squares += (double)value * value;
            lengths[row] = (float)(1 / Math.Max(Math.Sqrt(squares), 1e-12));
        }

        return lengths;
    }

    /// <summary>A stored tensor of a shape, for layers that cut it into products themselves.</summary>
    internal ModelTensor Tensor(string name, params ReadOnlySpan<long> shape) => Take(Full(name), shape);

    /// <summary>A part of such a tensor as the matrix of a product.</summary>
    internal Weight Matrix(ModelTensor part)
    {
        source.Made.Add(part);
        return Packed(part, part.Open());
    }

    /// <summary>Passes over tensors that files may have though the model does without them: they are not reported.</summary>
    public void PassOver(params ReadOnlySpan<string> names)
    {
        foreach (var name in names) source.Tensor(Full(name));
    }

    /// <summary>Stored tensors that no layer took: parts of the model that would be ignored.</summary>
    public IEnumerable<string> Unread() => source.Unused;

    /// <summary>For products: packed where that serves, and then no longer kept as stored.</summary>
    /// <param name="share">Of tokens that pass through it.</param>
    Weight Packed(ModelTensor tensor, Weight weight, double share = 1)
    {
        var rounded = rounding?.Of(weight);
        if (rounded is not null) weight = rounded.Weight with { FineInputs = weight.FineInputs };
        tally.Add(prefix, weight, share);
        if (!packing.Serves(weight))
        {
            if (rounded is not null) packing.Keep(rounded);
            return weight;
        }

        var packed = packing.Pack(weight);
        rounded?.Dispose();
        tensor.Release();
        return packed;
    }

    /// <summary>The tensor of a full name, as [rows, columns] in a type that this build computes with.</summary>
    ModelTensor Take(string name, int rows, int columns) => Take(name, rows == 1 ? [columns] : [rows, columns]);

    /// <summary>The tensor of a full name, of a shape (dimensions of 1 aside) and in a type that this build computes with.</summary>
    ModelTensor Take(string name, params ReadOnlySpan<long> shape)
    {
        var tensor = Shaped(name, shape);
        if (!QuantFormats.IsSupported(tensor.Type))
            throw tensor.Error($"is stored as {tensor.Type}, which this build cannot compute with");
        return tensor;
    }

    ModelTensor Shaped(string name, params ReadOnlySpan<long> shape)
    {
        var tensor = source.Tensor(name) ?? throw source.Missing(name, shape);
        if (!tensor.Shape.Where(size => size != 1).SequenceEqual(shape.ToArray().Where(size => size != 1)))
            throw tensor.Error($"has shape [{string.Join(", ", tensor.Shape)}], the model's keys need [{string.Join(", ", shape.ToArray())}]: they are of another model, or a key is wrong");
        return tensor;
    }

    /// <summary>
    /// "attn_q" and "attn_q.bias" as the source calls them: a name without an ending means the weight, or a tensor of that very name
    /// (ssm_a).
    /// </summary>
    string Full(string name)
    {
        var (bare, weight) = (prefix + name, $"{prefix}{name}.weight");
        return name.EndsWith(".bias", StringComparison.Ordinal) || (source.Tensor(weight) is null && source.Tensor(bare) is not null) ? bare : weight;
    }
}
