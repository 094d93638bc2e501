namespace Homegrown.Engine.Shapes;

/// <summary>A tensor of a shape: its GGUF name, [rows, columns], and its role; a vector has one row and no role.</summary>
/// <param name="Layer">-1 outside of the layers.</param>
/// <param name="Experts">So many such matrices, one after the other; 0 where it is one by itself.</param>
public sealed record ShapeTensor(string Name, int Rows, int Columns, MatrixRole? Role, int Layer = -1, int Experts = 0);

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

    public int HeadDim { get => field > 0 ? field : Hidden / Heads; init; }

    /// <summary>Of a mixture, each with FeedForward inside; 0 for a dense block.</summary>
    public int Experts { get; init; }

    /// <summary>Chosen for a token.</summary>
    public int ExpertsUsed { get; init; }

    /// <summary>Queries and keys are normed, each head by itself.</summary>
    bool HasHeadNorms => Architecture is "qwen3" or "qwen3moe";

    public static IReadOnlyList<ModelShape> All { get; } =
    [
        Qwen("qwen2.5-0.5b") with { Layers = 24, Hidden = 896, FeedForward = 4864, Heads = 14, KvHeads = 2 },
        Qwen("qwen2.5-1.5b") with { Layers = 28, Hidden = 1536, FeedForward = 8960, Heads = 12, KvHeads = 2 },
        Qwen("qwen2.5-7b") with { Layers = 28, Hidden = 3584, FeedForward = 18944, Heads = 28, KvHeads = 4, Vocabulary = 152064, Tied = false },
        Slim("qwen3-30b-a3b-slim", "qwen3moe") with { FeedForward = 768, Experts = 128, ExpertsUsed = 8 },
        Slim("qwen3-dense-slim", "qwen3") with { FeedForward = 8 * 768 },
        new("tiny-128k", "qwen3", "qwen2")
        {
            Layers = 2, Hidden = 128, FeedForward = 256, Heads = 2, KvHeads = 1, HeadDim = 64, Vocabulary = 512, RopeTheta = 1e6f, NormEpsilon = 1e-6f, Context = 131072,
        },
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
            foreach (var tensor in LayerTensors())
                yield return tensor with { Name = $"blk.{layer}.{tensor.Name}", Layer = layer };
        yield return new("output_norm.weight", 1, Hidden, null);
        if (!Tied) yield return new("output.weight", Vocabulary, Hidden, MatrixRole.Head);
    }

    IEnumerable<ShapeTensor> LayerTensors()
    {
        var (q, kv) = (Heads * HeadDim, KvHeads * HeadDim);
        yield return new("attn_norm.weight", 1, Hidden, null);
        foreach (var (name, rows, role) in ((string, int, MatrixRole)[])[("attn_q", q, MatrixRole.Other), ("attn_k", kv, MatrixRole.Other), ("attn_v", kv, MatrixRole.Value)])
        {
            yield return new($"{name}.weight", rows, Hidden, role);
            if (Architecture == "qwen2") yield return new($"{name}.bias", 1, rows, null);
        }

        foreach (var name in HasHeadNorms ? (string[])["attn_q_norm", "attn_k_norm"] : []) yield return new($"{name}.weight", 1, HeadDim, null);
        yield return new("attn_output.weight", Hidden, q, MatrixRole.Other);
        yield return new("ffn_norm.weight", 1, Hidden, null);
        if (Experts > 0) yield return new("ffn_gate_inp.weight", Experts, Hidden, MatrixRole.Router);
        var kind = Experts > 0 ? "_exps" : "";
        yield return new($"ffn_gate{kind}.weight", FeedForward, Hidden, MatrixRole.Other, Experts: Experts);
        yield return new($"ffn_up{kind}.weight", FeedForward, Hidden, MatrixRole.Other, Experts: Experts);
        yield return new($"ffn_down{kind}.weight", Hidden, FeedForward, MatrixRole.Down, Experts: Experts);
    }

    /// <summary>
    /// Four layers of Qwen3-30B-A3B and a small vocabulary, to measure mixtures against a dense model of the same active parameters;
    /// the feed-forward block comes with the row.
    /// </summary>
    static ModelShape Slim(string name, string architecture) => new(name, architecture, "qwen2")
    {
        Layers = 4,
        Hidden = 2048,
        FeedForward = 0,
        Heads = 32,
        KvHeads = 4,
        HeadDim = 128,
        Vocabulary = 8192,
        RopeTheta = 1e6f,
        NormEpsilon = 1e-6f,
        Context = 32768,
    };

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
