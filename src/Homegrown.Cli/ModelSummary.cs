using Homegrown.Engine.Formats;
using Homegrown.Kernels.Quant;

namespace Homegrown.Cli;

/// <summary>The tensors of one storage type.</summary>
sealed record TypeSummary(TensorType Type, int Tensors, long Values, long Bytes);

/// <summary>What a model file amounts to, from its directory alone.</summary>
sealed class ModelSummary
{
    public ModelSummary(GgufFile file)
    {
        Architecture = file.Metadata.GetString("general.architecture") ?? "unknown";
        Types = [.. file.Tensors.GroupBy(tensor => tensor.Type)
            .Select(same => new TypeSummary(same.Key, same.Count(), same.Sum(Values), same.Sum(tensor => tensor.Bytes)))
            .OrderByDescending(type => type.Bytes)];
        ContextLength = file.Metadata[$"{Architecture}.context_length"]?.AsInt64() ?? 0;
        CacheBytesPerPosition = CacheBytes(file.Metadata, Architecture);
    }

    public string Architecture { get; }

    /// <summary>Largest first.</summary>
    public IReadOnlyList<TypeSummary> Types { get; }

    public long Parameters => Types.Sum(type => type.Values);

    public long WeightBytes => Types.Sum(type => type.Bytes);

    /// <summary>Positions that the model was made for; 0 where the file does not say.</summary>
    public long ContextLength { get; }

    /// <summary>Keys and values of one position in all layers, as float16; 0 where the file does not say.</summary>
    public long CacheBytesPerPosition { get; }

    public static long Values(GgufTensor tensor) => tensor.Rows * tensor.Columns;

    static long CacheBytes(GgufMetadata keys, string architecture)
    {
        long? Number(string key) => keys[$"{architecture}.{key}"] is { Type: not GgufType.Array } value ? value.AsInt64() : null;
        if (Number("block_count") is not { } layers || Number("embedding_length") is not { } width) return 0;
        if (Number("attention.head_count") is not (> 0 and { } heads)) return 0;
        layers -= Number("nextn_predict_layers") ?? 0;
        // One number for all layers, or a number for each.
        var kvHeads = keys[$"{architecture}.attention.head_count_kv"] is { Type: GgufType.Array } each
            ? each.AsInts().Select(count => (long)count).ToArray()
            : [.. Enumerable.Repeat(Number("attention.head_count_kv") ?? heads, (int)layers)];
        // Latent attention (DeepSeek-V2, arXiv 2405.04434 §2.1) keeps one row for all heads, its values in its keys.
        if (Number("attention.kv_lora_rank") is > 0 and { } rank && Number("rope.dimension_count") is { } turned)
            return kvHeads.Count(count => count > 0) * (rank + turned) * 2;
        var keyLength = Number("attention.key_length") ?? width / heads;
        var valueLength = Number("attention.value_length") ?? keyLength;
        return kvHeads.Sum() * (keyLength + valueLength) * 2;
    }
}
