namespace Homegrown.Engine.Shapes;

/// <summary>A tensor of a shape: its GGUF name, [rows, columns], and its role; a vector has one row and no role.</summary>
/// <param name="Layer">-1 outside of the layers.</param>
public sealed record ShapeTensor(string Name, int Rows, int Columns, MatrixRole? Role, int Layer = -1);

/// <summary>
/// The numbers of a published model, enough to build one of the same size and speed with other weights. From the config.json that
/// its maker published on Hugging Face.
/// </summary>
/// <param name="PreTokenizer">tokenizer.ggml.pre.</param>
public sealed record ModelShape(string Name, string Architecture, string PreTokenizer)
{
    public required int Layers { get; init; }

    public required int Hidden { get; init; }

    public required int FeedForward { get; init; }

    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int Vocabulary { get; init; }

    public required float RopeTheta { get; init; }

    public required float NormEpsilon { get; init; }

    public required int Context { get; init; }

    /// <summary>The token table is the head, too.</summary>
    public bool Tied { get; init; } = true;

    public int HeadDim => Hidden / Heads;

    public static IReadOnlyList<ModelShape> All { get; } =
    [
        Qwen("qwen2.5-0.5b") with { Layers = 24, Hidden = 896, FeedForward = 4864, Heads = 14, KvHeads = 2 },
        Qwen("qwen2.5-1.5b") with { Layers = 28, Hidden = 1536, FeedForward = 8960, Heads = 12, KvHeads = 2 },
        Qwen("qwen2.5-7b") with { Layers = 28, Hidden = 3584, FeedForward = 18944, Heads = 28, KvHeads = 4, Vocabulary = 152064, Tied = false },
        new("llama3.2-1b", "llama", "llama-bpe")
        {
            Layers = 16, Hidden = 2048, FeedForward = 8192, Heads = 32, KvHeads = 8, Vocabulary = 128256, RopeTheta = 500000, NormEpsilon = 1e-5f, Context = 131072,
        },
        new("smollm2-135m", "llama", "smollm")
        {
            Layers = 30, Hidden = 576, FeedForward = 1536, Heads = 9, KvHeads = 3, Vocabulary = 49152, RopeTheta = 100000, NormEpsilon = 1e-5f, Context = 8192,
        },
    ];

    /// <summary>All tensors, in the order in which a file has them.</summary>
    public IEnumerable<ShapeTensor> Tensors()
    {
        yield return new("token_embd.weight", Vocabulary, Hidden, Tied ? MatrixRole.Head : MatrixRole.Embedding);
        for (var layer = 0; layer < Layers; layer++)
            foreach (var (name, rows, columns, role) in LayerTensors())
                yield return new($"blk.{layer}.{name}", rows, columns, role, layer);
        yield return new("output_norm.weight", 1, Hidden, null);
        if (!Tied) yield return new("output.weight", Vocabulary, Hidden, MatrixRole.Head);
    }

    IEnumerable<(string Name, int Rows, int Columns, MatrixRole? Role)> LayerTensors()
    {
        var kv = KvHeads * HeadDim;
        yield return ("attn_norm.weight", 1, Hidden, null);
        foreach (var (name, rows, role) in ((string, int, MatrixRole)[])[("attn_q", Hidden, MatrixRole.Other), ("attn_k", kv, MatrixRole.Other), ("attn_v", kv, MatrixRole.Value)])
        {
            yield return ($"{name}.weight", rows, Hidden, role);
            if (Architecture == "qwen2") yield return ($"{name}.bias", 1, rows, null);
        }

        yield return ("attn_output.weight", Hidden, Hidden, MatrixRole.Other);
        yield return ("ffn_norm.weight", 1, Hidden, null);
        yield return ("ffn_gate.weight", FeedForward, Hidden, MatrixRole.Other);
        yield return ("ffn_up.weight", FeedForward, Hidden, MatrixRole.Other);
        yield return ("ffn_down.weight", Hidden, FeedForward, MatrixRole.Down);
    }

    /// <summary>What Qwen2.5's sizes share; the sizes themselves come with the row.</summary>
    static ModelShape Qwen(string name) => new(name, "qwen2", "qwen2")
    {
        Layers = 0,
        Hidden = 0,
        FeedForward = 0,
        Heads = 0,
        KvHeads = 0,
        Vocabulary = 151936,
        RopeTheta = 1e6f,
        NormEpsilon = 1e-6f,
        Context = 32768,
    };
}
