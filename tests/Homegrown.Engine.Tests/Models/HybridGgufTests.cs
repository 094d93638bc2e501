using System.Runtime.InteropServices;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Models;
using Homegrown.Engine.Tests.Folders;
using Homegrown.Engine.Tests.Formats;
using Homegrown.Kernels.Quant;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Models;

/// <summary>
/// Delta-net models as llama.cpp's converter lays them out (conversion/qwen.py), made from the folders: q, k, v and the gates of Qwen3-Next
/// apart, the value heads of Qwen3.5 in turns of key heads, layers for further tokens at the end. They compute what the folders do.
/// </summary>
public sealed class HybridGgufTests
{
    const int KeyHeads = 2, Heads = 4, KeyDim = 16, ValueDim = 16, Keys = KeyHeads * KeyDim;

    [Theory]
    [InlineData("qwen3_next", false, 0)]
    [InlineData("qwen3_next", true, 1)]
    [InlineData("qwen3_5", true, 0)]
    [InlineData("qwen3_5_moe", true, 1)]
    public void A_converted_folder_equals_the_folder(string name, bool apart, int further)
    {
        var path = Repository.Shared("hf", name);
        using var folder = FolderSource.Open(path);
        var metadata = new ModelMetadata(folder);
        var tensors = Converted(folder, metadata.Positive("block_count"), apart);
        for (var i = 0; i < further; i++)
            foreach (var tensor in tensors.Where(tensor => tensor.Name.StartsWith("blk.3.", StringComparison.Ordinal)).ToArray()) tensors.Add(tensor with { Name = $"blk.4.{tensor.Name[6..]}" });
        using var file = WrittenModel.With(writer => Write(writer, folder.Architecture, metadata, tensors, further));
        using var converted = LocalModel.Load(file.Path, new() { Exact = true });
        using var original = LocalModel.Load(path, new() { Exact = true });
        Assert.Empty(converted.Warnings);
        var tokens = FolderTests.Tokens(path, "a");
        Assert.InRange(Numbers.Nmse(All(converted, tokens), All(original, tokens)), 0, 1e-12);
    }

    static List<Stored> Converted(FolderSource folder, int layers, bool apart)
    {
        List<Stored> tensors = [.. new[] { "token_embd.weight", "output_norm.weight", "output.weight" }.Select(Read)];
        foreach (var layer in Enumerable.Range(0, layers))
        {
            foreach (var part in (string[])
            [
                "attn_norm", "post_attention_norm", "attn_q", "attn_k", "attn_v", "attn_q_norm", "attn_k_norm", "attn_output", "ssm_norm", "ffn_gate", "ffn_up", "ffn_down", "ffn_gate_inp", "ffn_gate_exps",
                "ffn_up_exps", "ffn_gate_up_exps", "ffn_down_exps", "ffn_gate_inp_shexp", "ffn_gate_shexp", "ffn_up_shexp", "ffn_down_shexp",
            ])
                if (folder.Tensor($"blk.{layer}.{part}.weight") is not null) tensors.Add(Read($"blk.{layer}.{part}.weight"));
            if (folder.Tensor($"blk.{layer}.ssm_a") is null) continue;

            // Qwen3-Next keeps the order of its heads; Qwen3.5's go in turns of key heads.
            Func<int, int> values = folder.Architecture == "qwen3next" ? head => head : head => (head % KeyHeads * (Heads / KeyHeads)) + (head / KeyHeads);
            var (head, element) = (Reordered(values, 1), Reordered(values, ValueDim));
            int Mixed(int row) => row < 2 * Keys ? row : (2 * Keys) + element(row - (2 * Keys));
            tensors.Add(Read($"blk.{layer}.ssm_a").Rows(head));
            tensors.Add(Read($"blk.{layer}.ssm_dt.bias").Rows(head));
            tensors.Add(Read($"blk.{layer}.ssm_conv1d.weight").Rows(Mixed));
            tensors.Add(Read($"blk.{layer}.ssm_out.weight").Columns(element));
            if (folder.Architecture == "qwen3next")
            {
                tensors.Add(Read($"blk.{layer}.ssm_ba.weight"));
                if (apart) tensors.AddRange(Apart(Read($"blk.{layer}.ssm_in.weight"), layer));
                else tensors.Add(Read($"blk.{layer}.ssm_in.weight"));
            }
            else
            {
                tensors.Add(Read($"blk.{layer}.attn_qkv.weight").Rows(Mixed));
                tensors.Add(Read($"blk.{layer}.attn_gate.weight").Rows(element));
                tensors.Add(Read($"blk.{layer}.ssm_beta.weight").Rows(head));
                tensors.Add(Read($"blk.{layer}.ssm_alpha.weight").Rows(head));
            }
        }

        return tensors;

        Stored Read(string name) => Stored.Read(folder.Tensor(name)!) with { Name = name };

        static Func<int, int> Reordered(Func<int, int> order, int each) => row => (order(row / each) * each) + (row % each);
    }

    /// <summary>Of each key head q, k, its values, their gates; to all q, k and v, and all gates.</summary>
    static Stored[] Apart(Stored mixed, int layer)
    {
        const int Own = Heads / KeyHeads * ValueDim, Each = 2 * (KeyDim + Own);
        int[] Of(int first, int count) => [.. Enumerable.Range(0, KeyHeads).SelectMany(head => Enumerable.Range((head * Each) + first, count))];
        int[] qkv = [.. Of(0, KeyDim), .. Of(KeyDim, KeyDim), .. Of(2 * KeyDim, Own)], gates = Of((2 * KeyDim) + Own, Own);
        return
        [
            mixed.Rows(row => qkv[row], qkv.Length) with { Name = $"blk.{layer}.attn_qkv.weight" },
            mixed.Rows(row => gates[row], gates.Length) with { Name = $"blk.{layer}.attn_gate.weight" },
        ];
    }

    static void Write(GgufWriter writer, string architecture, ModelMetadata metadata, List<Stored> tensors, int further)
    {
        writer.Add("general.architecture", architecture);
        foreach (var key in (string[])
        [
            "context_length", "embedding_length", "attention.head_count", "attention.head_count_kv", "attention.key_length", "rope.dimension_count", "ssm.conv_kernel", "ssm.state_size", "ssm.group_count",
            "ssm.time_step_rank", "ssm.inner_size", "feed_forward_length", "expert_count", "expert_used_count", "expert_feed_forward_length", "expert_shared_feed_forward_length",
        ])
            if (metadata.Integer(key) is { } value) writer.Add($"{architecture}.{key}", (uint)value);
        writer.Add($"{architecture}.attention.value_length", (uint)metadata.Positive("attention.key_length"));
        writer.Add($"{architecture}.block_count", (uint)(metadata.Positive("block_count") + further));
        if (further > 0) writer.Add($"{architecture}.nextn_predict_layers", (uint)further);
        if (architecture != "qwen3next") writer.Add($"{architecture}.rope.dimension_sections", (int[])[2, 1, 1, 0]);
        writer.Add($"{architecture}.full_attention_interval", 4u);
        writer.Add($"{architecture}.attention.layer_norm_rms_epsilon", metadata.Single("attention.layer_norm_rms_epsilon"));
        writer.Add($"{architecture}.rope.freq_base", (float)metadata.Number("rope.freq_base")!.Value);
        writer.Add("tokenizer.ggml.model", "none");
        foreach (var tensor in tensors) writer.AddTensor(tensor.Name, TensorType.F32, [.. tensor.Shape.Reverse()]);
        foreach (var tensor in tensors) writer.WriteData(MemoryMarshal.AsBytes(tensor.Values.AsSpan()));
    }

    static float[] All(LocalModel model, int[] tokens)
    {
        var logits = new float[tokens.Length * model.VocabularySize];
        model.Logits(tokens, (position, row) => row.CopyTo(logits.AsSpan(position * model.VocabularySize)));
        return logits;
    }

    /// <summary>A tensor in float32, outermost dimension first.</summary>
    sealed record Stored(string Name, long[] Shape, float[] Values)
    {
        int Width => (int)Shape[1..].Aggregate(1L, (product, size) => product * size);

        public static Stored Read(ModelTensor tensor)
        {
            ModelTensor[] parts = tensor is StackedTensor stack ? [.. stack.Parts] : [tensor];
            return new(tensor.Name, [.. tensor.Shape.Where(size => size > 1)], [.. parts.SelectMany(Values)]);

            static float[] Values(ModelTensor part)
            {
                var values = new float[part.Rows * part.Columns];
                for (var row = 0; row < part.Rows; row++) part.Open().Dequantize(row, values.AsSpan((int)(row * part.Columns), (int)part.Columns));
                return values;
            }
        }

        public Stored Rows(Func<int, int> from) => Rows(from, (int)Shape[0]);

        public Stored Rows(Func<int, int> from, int count)
            => this with { Shape = [count, .. Shape[1..]], Values = [.. Enumerable.Range(0, count).SelectMany(row => Values.AsSpan(from(row) * Width, Width).ToArray())] };

        public Stored Columns(Func<int, int> from)
            => this with { Values = [.. Enumerable.Range(0, Values.Length).Select(i => Values[(i / Width * Width) + from(i % Width)])] };
    }
}
