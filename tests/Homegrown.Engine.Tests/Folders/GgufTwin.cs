using System.Runtime.InteropServices;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Tests.Formats;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Tests.Folders;

/// <summary>A folder's model as the GGUF file that a converter would write of it, in float32; keys and tensors may be changed on the way.</summary>
sealed class GgufTwin(ModelSource folder)
{
    static readonly string[] Stems =
    [
        "attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "attn_q_a", "attn_q_a_norm", "attn_q_b", "attn_kv_a_mqa", "attn_kv_a_norm", "attn_kv_b", "ffn_norm", "ffn_gate", "ffn_up",
        "ffn_down", "ffn_gate_inp", "exp_probs_b", "ffn_gate_exps", "ffn_up_exps", "ffn_down_exps", "ffn_gate_up_exps", "ffn_gate_shexp", "ffn_up_shexp", "ffn_down_shexp",
    ];

    readonly Dictionary<string, (long[] Shape, float[] Values)> tensors = new(StringComparer.Ordinal);

    /// <summary>Under the architecture's name, which is left out.</summary>
    public Dictionary<string, object> Keys { get; } = folder.Keys.Names.ToDictionary(name => name[(folder.Architecture.Length + 1)..], name => folder.Keys.Find(name)!, StringComparer.Ordinal);

    public static GgufTwin Of(ModelSource folder)
    {
        var twin = new GgufTwin(folder);
        var layers = (long)twin.Keys["block_count"];
        var names = Enumerable.Range(0, (int)layers).SelectMany(layer => Stems.Select(stem => $"blk.{layer}.{stem}")).Concat(["token_embd", "output_norm", "output"]);
        foreach (var name in names)
            foreach (var full in (string[])[$"{name}.weight", $"{name}.bias"])
                if (folder.Tensor(full) is { } tensor) twin.tensors[full] = ([.. tensor.Shape], Values(tensor));
        return twin;
    }

    public int Count(string key) => checked((int)(long)Keys[key]);

    /// <summary>What a head does with latents, in two stacks instead of one: [heads, latent, plain] and [heads, value, latent].</summary>
    public void SplitLatentHeads()
    {
        var (heads, latent, value) = (Count("attention.head_count"), Count("attention.kv_lora_rank"), Count("attention.value_length_mla"));
        var plain = Count("attention.key_length_mla") - Count("rope.dimension_count");
        foreach (var name in tensors.Keys.Where(name => name.EndsWith("attn_kv_b.weight", StringComparison.Ordinal)).ToArray())
        {
            var (keys, values, both) = (new float[heads * latent * plain], new float[heads * value * latent], tensors[name].Values);
            for (var head = 0; head < heads; head++)
            {
                for (var column = 0; column < latent; column++)
                    for (var row = 0; row < plain; row++) keys[(((head * latent) + column) * plain) + row] = both[(((head * (plain + value)) + row) * latent) + column];
                both.AsSpan(((head * (plain + value)) + plain) * latent, value * latent).CopyTo(values.AsSpan(head * value * latent));
            }

            tensors[name.Replace("kv_b", "k_b", StringComparison.Ordinal)] = ([heads, latent, plain], keys);
            tensors[name.Replace("kv_b", "v_b", StringComparison.Ordinal)] = ([heads, value, latent], values);
            tensors.Remove(name);
        }
    }

    public WrittenModel Write(string architecture) => WrittenModel.With(writer =>
    {
        writer.Add("general.architecture", architecture);
        foreach (var (key, value) in Keys) writer.Add($"{architecture}.{key}", value);
        foreach (var (name, (shape, _)) in tensors) writer.AddTensor(name, TensorType.F32, [.. shape.Reverse()]);
        foreach (var (_, values) in tensors.Values) writer.WriteData(MemoryMarshal.AsBytes<float>(values));
    });

    static float[] Values(ModelTensor tensor)
    {
        if (tensor is StackedTensor experts) return [.. experts.Parts.SelectMany(Values)];
        var (weight, columns) = (tensor.Open(), checked((int)tensor.Columns));
        var values = new float[tensor.Rows * columns];
        for (var row = 0; row < tensor.Rows; row++) weight.Dequantize(row, values.AsSpan(row * columns, columns));
        return values;
    }
}
