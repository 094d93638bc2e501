using System.Runtime.InteropServices;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Tokenizers;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Shapes;

/// <summary>
/// Writes a model of a known shape with random weights: as fast as the real one and as large, for measuring without it. It talks
/// nonsense. The file is a whole one (a byte-level tokenizer without real words), so that other programs can measure it, too.
/// </summary>
public sealed class RandomModel(ModelShape shape, TypeMix mix)
{
    const int PieceBytes = 1 << 20;

    readonly Dictionary<(TensorType Type, int Columns), BlockPool> pools = [];
    readonly Random random = new(1);
    readonly byte[] piece = new byte[PieceBytes];

    /// <summary>Bytes of all tensors.</summary>
    public long Bytes => shape.Tensors().Sum(BytesOf);

    /// <summary>Writes the file.</summary>
    /// <param name="progress">Gets the bytes of tensors written so far.</param>
    /// <exception cref="OperationCanceledException">Cancelled between two pieces of at most a megabyte.</exception>
    public void Write(Stream stream, Action<long>? progress = null, CancellationToken cancellation = default)
    {
        var writer = new GgufWriter(stream);
        AddMetadata(writer);
        AddTokenizer(writer);
        foreach (var tensor in shape.Tensors())
        {
            if (tensor.Role is null) writer.AddTensor(tensor.Name, TensorType.F32, tensor.Columns);
            else if (tensor.Experts == 0) writer.AddTensor(tensor.Name, TypeOf(tensor), tensor.Columns, tensor.Rows);
            else writer.AddTensor(tensor.Name, TypeOf(tensor), tensor.Columns, tensor.Rows, tensor.Experts);
        }

        var written = 0L;
        foreach (var tensor in shape.Tensors())
        {
            foreach (var bytes in Pieces(tensor))
            {
                cancellation.ThrowIfCancellationRequested();
                writer.WriteData(bytes.Span);
                written += bytes.Length;
                progress?.Invoke(written);
            }
        }

        writer.Finish();
    }

    /// <summary>A tensor's bytes. Each piece is valid until the next.</summary>
    IEnumerable<ReadOnlyMemory<byte>> Pieces(ShapeTensor tensor)
    {
        if (tensor.Role is null)
        {
            // Gains of norms are 1, biases 0.
            var values = new float[tensor.Columns];
            if (tensor.Name.EndsWith("_norm.weight", StringComparison.Ordinal)) Array.Fill(values, 1);
            yield return MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
            yield break;
        }

        var pool = PoolOf(TypeOf(tensor), tensor.Columns);
        for (var left = BytesOf(tensor); left > 0;)
        {
            var bytes = piece.AsMemory(0, (int)Math.Min(left, PieceBytes / pool.BlockBytes * pool.BlockBytes));
            pool.Fill(bytes.Span);
            yield return bytes;
            left -= bytes.Length;
        }
    }

    /// <summary>
    /// Weights of deviation 1 / sqrt(columns) take a normed row to one of deviation 1: activations neither vanish nor overflow.
    /// </summary>
    BlockPool PoolOf(TensorType type, int columns)
        => pools.TryGetValue((type, columns), out var known) ? known : pools[(type, columns)] = new(type, 1 / Math.Sqrt(columns), random);

    TensorType TypeOf(ShapeTensor tensor)
        => tensor.Role is { } role ? mix.Of(role, tensor.Layer, shape.Layers, tensor.Columns) : TensorType.F32;

    long BytesOf(ShapeTensor tensor) => (long)Math.Max(1, tensor.Experts) * tensor.Rows * QuantFormats.RowBytes(TypeOf(tensor), tensor.Columns);

    void AddMetadata(GgufWriter writer)
    {
        var family = shape.Architecture;
        writer.Add("general.architecture", family);
        writer.Add("general.name", $"{shape.Name} with random weights");
        writer.Add("general.quantization_version", 2u);
        writer.Add($"{family}.block_count", (uint)shape.Layers);
        writer.Add($"{family}.context_length", (uint)shape.Context);
        writer.Add($"{family}.embedding_length", (uint)shape.Hidden);
        writer.Add($"{family}.feed_forward_length", (uint)shape.FeedForward);
        writer.Add($"{family}.attention.head_count", (uint)shape.Heads);
        writer.Add($"{family}.attention.head_count_kv", (uint)shape.KvHeads);
        writer.Add($"{family}.attention.key_length", (uint)shape.HeadDim);
        writer.Add($"{family}.attention.value_length", (uint)shape.HeadDim);
        writer.Add($"{family}.attention.layer_norm_rms_epsilon", shape.NormEpsilon);
        writer.Add($"{family}.rope.dimension_count", (uint)shape.HeadDim);
        writer.Add($"{family}.rope.freq_base", shape.RopeTheta);
        writer.Add($"{family}.vocab_size", (uint)shape.Vocabulary);
        if (shape.Experts == 0) return;
        writer.Add($"{family}.expert_count", (uint)shape.Experts);
        writer.Add($"{family}.expert_used_count", (uint)shape.ExpertsUsed);
        writer.Add($"{family}.expert_feed_forward_length", (uint)shape.FeedForward);
    }

    /// <summary>The 256 bytes, one merge (readers want some), numbered fillers, and at the end the control token.</summary>
    void AddTokenizer(GgufWriter writer)
    {
        var end = shape.Vocabulary - 1;
        var tokens = new string[shape.Vocabulary];
        var kinds = new int[shape.Vocabulary];
        for (var id = 0; id <= end; id++)
        {
            tokens[id] = id < 256 ? ByteAlphabet.Letter((byte)id).ToString() : id == 256 ? "th" : id == end ? "<|endoftext|>" : $"[filler {id}]";
            kinds[id] = (int)(id == end ? TokenKind.Control : TokenKind.Normal);
        }

        writer.Add("tokenizer.ggml.model", "gpt2");
        writer.Add("tokenizer.ggml.pre", shape.PreTokenizer);
        writer.Add("tokenizer.ggml.tokens", tokens);
        writer.Add("tokenizer.ggml.token_type", kinds);
        writer.Add("tokenizer.ggml.merges", (string[])["t h"]);
        writer.Add("tokenizer.ggml.bos_token_id", (uint)end);
        writer.Add("tokenizer.ggml.eos_token_id", (uint)end);
        writer.Add("tokenizer.ggml.add_bos_token", false);
    }
}
