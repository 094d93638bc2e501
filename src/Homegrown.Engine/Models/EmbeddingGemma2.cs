using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// EmbeddingGemma 2, its text part (Google, 2026; after Gemma 4): Gemma 3's block that sees both sides, with wider and fewer heads in full
/// layers, a norm on values, scores that are not scaled; after each block a gate lets in a vector that a product makes of the token's row for
/// that layer, and a scalar ends it. A projection makes the states.
/// </summary>
/// <remarks>Norms hold the gain itself, unlike those of Gemma 2 and 3.</remarks>
public sealed class EmbeddingGemma2 : Model, IEncoder
{
    const string Full = "full_attention", Local = "sliding_attention";

    public static readonly Architecture Architecture = new("embedding-gemma2")
    {
        Maker = "Google",
        Models = "EmbeddingGemma 2, the text part",
        Defaults = new Dictionary<string, object> { ["attention.causal"] = false, ["activation"] = "gelu_pytorch_tanh" },
        Folders = [new("embedding_gemma2_text")
        {
            Keys = KeyMap.Decoder.With(FolderRope.Of(Full, "")).With(FolderRope.Of(Local, "_swa")).With(
                ("embedding_length_per_layer_input", "hidden_size_per_layer_input"),
                ("embedding_length_out", "embedding_dim"),
                ("attention.shared_kv_layers", "num_kv_shared_layers")).With(
                ("attention.sliding_window", Windows),
                ("attention.key_length", c => OfKind(c, Full, "head_dim")),
                ("attention.key_length_swa", c => OfKind(c, Local, "head_dim")),
                ("attention.head_count_kv", c => Enumerable.Range(0, Kinds(c).Length).Select(layer => Of(c, layer, "num_key_value_heads") ?? 0).ToArray())),
            Names = NameMap.Llama.With(
                ("blk.{l}.ffn_norm", "model.layers.{l}.pre_feedforward_layernorm"),
                ("blk.{l}.post_attention_norm", "model.layers.{l}.post_attention_layernorm"),
                ("blk.{l}.post_ffw_norm", "model.layers.{l}.post_feedforward_layernorm"),
                ("blk.{l}.inp_gate", "model.layers.{l}.ple_block.per_layer_input_gate"),
                ("blk.{l}.proj", "model.layers.{l}.ple_block.per_layer_projection"),
                ("blk.{l}.post_norm", "model.layers.{l}.ple_block.post_per_layer_input_norm"),
                ("blk.{l}.layer_output_scale", "model.layers.{l}.layer_scalar"),
                ("per_layer_model_proj", "model.ple.per_layer_model_projection"),
                ("per_layer_proj_norm", "model.ple.per_layer_projection_norm"),
                ("output_proj", "model.embedding_projection")),
            Idle = ["attention_k_eq_v", "enable_moe_block", "per_layer_config", "use_double_wide_mlp"],
        }],
        Load = (c, w) => new EmbeddingGemma2(c, w),
    };

    readonly int hidden, inputWidth;
    readonly EmbeddingLayer tokens;
    readonly Linear inputs, output;
    readonly RmsNormLayer inputNorm, norm;
    readonly RopeLayer full, local;
    readonly Layer[] layers;

    EmbeddingGemma2(ModelConfig c, Weights w)
    {
        if (c.Metadata.Count("attention.shared_kv_layers") > 0) throw c.Metadata.Error("attention.shared_kv_layers", "is above 0, which is not supported with this family");
        (hidden, inputWidth, Width) = (c.Hidden, c.Metadata.Positive("embedding_length_per_layer_input"), c.Metadata.Positive("embedding_length_out"));
        var localDim = c.Metadata.Optional("attention.key_length_swa", () => c.HeadDim);
        full = RopeLayer.Halves(c.HeadDim, c.Rope);
        local = RopeLayer.Halves(localDim, RopeConfig.Read(c.Metadata, localDim, c.ContextLength, "_swa"));
        tokens = w.Embedding("token_embd", c.VocabularySize, c.Hidden);
        inputs = w.Linear("per_layer_model_proj", c.Hidden, c.Layers * inputWidth);
        inputNorm = w.RmsNorm("per_layer_proj_norm", inputWidth, c.NormEpsilon);
        layers = w.Layers(c.Layers, (layer, w) => new Layer(c, w, layer, inputWidth, c.Window(layer) is null ? full : local, KvShape));
        norm = w.RmsNorm("output_norm", c);
        output = w.Linear("output_proj", c.Hidden, Width);
    }

    /// <inheritdoc/>
    public override KvShape KvShape { get; } = new();

    /// <inheritdoc/>
    public int Width { get; }

    /// <inheritdoc/>
    public Tensor Encode(Batch batch)
    {
        var x = Scale.Forward(tokens.Rows(batch), MathF.Sqrt(hidden));       // [tokens, hidden]
        var all = inputNorm.Forward(Scale.Forward(inputs.Forward(x), 1 / MathF.Sqrt(hidden)));    // [tokens, layers * inputWidth]
        full.Prepare(batch);
        local.Prepare(batch);
        for (var layer = 0; layer < layers.Length; layer++)
        {
            using var scope = batch.Compute.Scope();
            layers[layer].Forward(x, all.Slice(layer * inputWidth, inputWidth), batch);
        }

        return output.Forward(norm.Forward(batch.RowsToSample(x)));
    }

    /// <summary>The block, then the layer's input through its gate.</summary>
    sealed class Layer(ModelConfig c, Weights w, int layer, int inputWidth, RopeLayer rope, KvShape cache)
    {
        readonly ResidualBlock block = new(w.RmsNorm("attn_norm", c), Attention(c, w, layer, rope, cache), w.RmsNorm("ffn_norm", c), w.Gated(c))
        {
            AfterMixer = w.RmsNorm("post_attention_norm", c),
            AfterFeedForward = w.RmsNorm("post_ffw_norm", c),
        };

        readonly Linear gate = w.Linear("inp_gate", c.Hidden, inputWidth), projection = w.Linear("proj", inputWidth, c.Hidden);
        readonly RmsNormLayer norm = w.RmsNorm("post_norm", c);
        readonly float scale = w.Has("layer_output_scale") ? w.Vector("layer_output_scale", 1)[0] : 1;

        public void Forward(Tensor x, Tensor input, Batch batch)
        {
            block.Forward(x, batch);
            x += norm.Forward(projection.Forward(Multiply.Forward(Activate.Forward(gate.Forward(x), c.Activation), input)));
            Scale.Forward(x, scale);
        }
    }

    /// <summary>Layers with heads of the same shape take turns with the memory of one.</summary>
    static SelfAttention Attention(ModelConfig c, Weights w, int layer, RopeLayer rope, KvShape cache)
    {
        var heads = c.Shapes[layer];
        var kept = new KvEntry(heads.KvHeads, heads.KeyDim, heads.ValueDim);
        var entry = cache.Entries.ToList().IndexOf(kept);
        return new(entry < 0 ? cache.Add(kept) : entry, w, c.Hidden, heads)
        {
            Rope = rope,
            Norms = (w.RmsNorm("attn_q_norm", heads.KeyDim, c.NormEpsilon), w.RmsNorm("attn_k_norm", heads.KeyDim, c.NormEpsilon)),
            ValueNorm = new RmsNormLayer([.. Enumerable.Repeat(1f, heads.ValueDim)], c.NormEpsilon),
            Options = c.Sight(layer) with { Scale = 1 },
        };
    }

    /// <summary>The last layer sees all whatever the folder says.</summary>
    static string[] Kinds(FolderConfig c)
    {
        var layers = (int)(c.Integer("num_hidden_layers") ?? throw c.Error("num_hidden_layers", "is missing"));
        var kinds = c.Find("layer_types") as string[] ?? [.. Enumerable.Range(1, layers).Select(layer => layer % 6 == 0 ? Full : Local)];
        return kinds.Length == layers ? [.. kinds[..^1], Full] : throw c.Error("layer_types", $"has {kinds.Length} entries for {layers} layers");
    }

    /// <summary>sliding_window counts the positions to each side; the whole width, both sides, where use_bidirectional_attention stands beside it.</summary>
    static long[] Windows(FolderConfig c)
    {
        var window = (c.Integer("sliding_window") ?? 1024) * (c.Text("use_bidirectional_attention") is "all" ? 1 : 2);
        return Array.ConvertAll(Kinds(c), kind => kind == Local ? window : 0);
    }

    static long? OfKind(FolderConfig c, string kind, string name) => Array.IndexOf(Kinds(c), kind) is >= 0 and var layer ? Of(c, layer, name) : null;

    static long? Of(FolderConfig c, int layer, string name) => c.Integer($"per_layer_config.{layer}.{name}") ?? c.Integer(name);
}
