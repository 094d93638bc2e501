using System.Text.Json.Nodes;
using Homegrown.Engine.Tests.Formats.Safetensors;

namespace Homegrown.Engine.Tests.Models;

/// <summary>A model folder of random float32 weights, under the names of Llama's family, and the same weights to compute with.</summary>
sealed class RandomFolder : IDisposable
{
    readonly SafetensorsBytes file = new();
    readonly Dictionary<string, double[]> tensors = [];
    readonly JsonObject config;
    readonly Random random;

    /// <param name="settings">What config.json says besides sizes, or instead; null takes a setting away.</param>
    internal RandomFolder(int seed, string modelType, JsonObject settings)
    {
        random = new(seed);
        config = new()
        {
            ["model_type"] = modelType,
            ["num_hidden_layers"] = Layers,
            ["hidden_size"] = Hidden,
            ["intermediate_size"] = Inner,
            ["num_attention_heads"] = Heads,
            ["num_key_value_heads"] = KvHeads,
            ["vocab_size"] = Vocabulary,
            ["max_position_embeddings"] = 64,
        };
        foreach (var (name, value) in settings)
            if (value is null) config.Remove(name);
            else config[name] = value.DeepClone();
    }

    /// <summary>What a tensor is called in the file.</summary>
    internal Func<string, string> Called { get; init; } = name => name;

    internal static int Layers => 2;

    internal static int Hidden => 48;

    internal static int Inner => 56;

    internal static int Heads => 4;

    internal static int KvHeads => 2;

    internal static int HeadDim => Hidden / Heads;

    internal static int Vocabulary => 64;

    internal string Path => file.Folder;

    internal double[] this[string name] => tensors[name];

    internal bool Has(string name) => tensors.ContainsKey(name);

    /// <summary>The token table, the head, and of each layer attention and a gated block.</summary>
    internal RandomFolder AddMatrices(bool tied = false)
    {
        Matrix("model.embed_tokens.weight", Vocabulary, Hidden);
        if (!tied) Matrix("lm_head.weight", Vocabulary, Hidden);
        for (var l = 0; l < Layers; l++)
        {
            foreach (var (name, rows) in (ReadOnlySpan<(string, int)>)[("q", Heads), ("k", KvHeads), ("v", KvHeads)])
                Matrix($"model.layers.{l}.self_attn.{name}_proj.weight", rows * HeadDim, Hidden);
            Matrix($"model.layers.{l}.self_attn.o_proj.weight", Hidden, Heads * HeadDim);
            Matrix($"model.layers.{l}.mlp.gate_proj.weight", Inner, Hidden);
            Matrix($"model.layers.{l}.mlp.up_proj.weight", Inner, Hidden);
            Matrix($"model.layers.{l}.mlp.down_proj.weight", Hidden, Inner);
        }

        return this;
    }

    /// <summary>Norms of the last layer's output (model.norm) and of these of each layer.</summary>
    internal RandomFolder AddNorms(bool biases, params ReadOnlySpan<string> ofLayers)
    {
        Norm("model.norm", biases);
        foreach (var name in ofLayers)
            for (var l = 0; l < Layers; l++) Norm($"model.layers.{l}.{name}", biases);
        return this;
    }

    /// <summary>Layer norms of the heads of q and of k, of each layer and without biases.</summary>
    /// <param name="name">Of a norm under self_attn, q or k and a head's number given; without the number one tensor is of all heads.</param>
    internal RandomFolder AddHeadNorms(Func<string, int, string> name)
    {
        var apart = name("q", 0) != name("q", 1);
        for (var l = 0; l < Layers; l++)
            foreach (var (of, heads) in (ReadOnlySpan<(string, int)>)[("q", Heads), ("k", KvHeads)])
                for (var head = 0; head < (apart ? heads : 1); head++)
                    Add($"model.layers.{l}.self_attn.{name(of, head)}.weight", apart ? [HeadDim] : [heads, HeadDim], 1, 0.2);
        return this;
    }

    internal RandomFolder Write()
    {
        file.Write();
        File.WriteAllText(System.IO.Path.Combine(Path, "config.json"), config.ToJsonString());
        return this;
    }

    public void Dispose() => file.Dispose();

    void Norm(string name, bool biases)
    {
        Add($"{name}.weight", [Hidden], 1, 0.2);
        if (biases) Add($"{name}.bias", [Hidden], 0, 0.2);
    }

    void Matrix(string name, int rows, int columns) => Add(name, [rows, columns], 0, 2 / Math.Sqrt(columns));

    void Add(string name, long[] shape, double mean, double width)
    {
        var values = new float[shape.Aggregate((a, b) => a * b)];
        for (var i = 0; i < values.Length; i++) values[i] = (float)(mean + (width * ((2 * random.NextDouble()) - 1)));
        tensors[name] = Array.ConvertAll(values, value => (double)value);
        file.Floats(Called(name), shape, values);
    }
}
