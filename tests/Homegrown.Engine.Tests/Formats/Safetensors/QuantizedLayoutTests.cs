using Homegrown.Engine.Formats;
using Homegrown.Engine.Formats.Safetensors;
using Homegrown.Kernels.Quant;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Formats.Safetensors;

/// <summary>What opens is what the layout says, to the bit, in the smallest type that holds it.</summary>
public class QuantizedLayoutTests
{
    [Theory]
    [InlineData("qwen2-gptq-sym", TensorType.Q4_0)]
    [InlineData("qwen2-gptq-asym", TensorType.F32)]   // columns in order of activation
    [InlineData("qwen2-awq", TensorType.Q5_0)]
    [InlineData("qwen2-ct-int4", TensorType.Q4_0)]
    [InlineData("llama-ct-fp8", TensorType.F32)]
    [InlineData("gpt_oss-mxfp4", TensorType.MXFP4)]
    [InlineData("deepseek_v4-fp4", TensorType.MXFP4)]
    public void Weights_of_a_small_folder_are_exact(string folder, TensorType type) => Assert.Contains(type, TypesOf(Repository.Fixture("hf", folder)));

    [Theory]
    [InlineData("qwen3-fp8")]
    [InlineData("deepseek_v3-fp8")]
    public void Weights_in_blocks_of_eight_bits_are_exact(string folder) => Assert.Equal([TensorType.F32], TypesOf(Repository.Shared("hf", folder)));

    [Theory]
    [InlineData("qwen3-fp8")]
    [InlineData("deepseek_v3-fp8")]
    public void Where_weights_may_be_rounded_eight_bits_stay_eight_bits(string name)
    {
        var path = Repository.Shared("hf", name);
        using var exact = SafetensorsFolder.Open(path);
        using var near = SafetensorsFolder.Open(path, exact: false);
        using var file = SafetensorsFile.Open(Path.Combine(path, "model.safetensors"));
        foreach (var tensor in file.Tensors.Where(tensor => tensor.Type == SafetensorsType.F8_E4M3))
        {
            var (wanted, got) = (exact.Matrix(tensor.Name)!.Open(), near.Matrix(tensor.Name)!.Open());
            Assert.Equal(wanted.Columns % 32 == 0 ? TensorType.Q8_0 : TensorType.BF16, got.Type);
            var (a, b) = (new float[wanted.Columns], new float[wanted.Columns]);
            for (var row = 0; row < wanted.Rows; row++)
            {
                wanted.Dequantize(row, a);
                got.Dequantize(row, b);
                Assert.InRange(Numbers.Nmse(b, a), 0, 5e-5);                 // the eight-bit floats themselves: 7e-4
            }
        }
    }

    /// <summary>Compares every value; the types that weights came in.</summary>
    static HashSet<TensorType> TypesOf(string path)
    {
        using var folder = SafetensorsFolder.Open(path);
        using var file = SafetensorsFile.Open(Path.Combine(path, "model.safetensors"));
        var (decoder, types) = (new SlowDecoder(file), new HashSet<TensorType>());
        foreach (var tensor in file.Tensors)
        {
            if (decoder.Decode(tensor) is not var (module, value)) continue;
            var weight = folder.Matrix(module)!.Open();
            types.Add(weight.Type);
            var row = new float[weight.Columns];
            for (var r = 0; r < weight.Rows; r++)
            {
                weight.Dequantize(r, row);
                for (var c = 0; c < row.Length; c++)
                    if (row[c] != value(r, c)) Assert.Fail($"{tensor.Name} [{r}, {c}] is {row[c]}, not {value(r, c)}");
            }
        }

        foreach (var name in folder.Names.Where(name => file.Tensor(name)!.Type is SafetensorsType.BF16 or SafetensorsType.F16)) _ = folder.Matrix(name);
        Assert.DoesNotContain(folder.Unused, name => name.EndsWith("scales") || name.EndsWith("qzeros") || name.EndsWith("weight_shape"));
        return types;
    }

    [Fact]
    public void Experts_keep_their_dimensions()
    {
        using var folder = SafetensorsFolder.Open(Repository.Fixture("hf", "gpt_oss-mxfp4"));
        Assert.Equal(3, folder.Matrix("model.layers.0.mlp.experts.down_proj")!.Shape.Count);
        Assert.Equal([4L, 64], folder.Matrix("model.layers.0.mlp.experts.down_proj_bias")!.Shape);
    }

    [Fact]
    public void Zeros_of_their_own_are_packed_down_the_rows()
    {
        using var file = new SafetensorsBytes()
            .Words("m.weight_packed", [2, 4], [.. Enumerable.Repeat(0x76543210, 4), .. Enumerable.Repeat(-1, 4)])
            .Floats("m.weight_scale", [2, 1], 0.5f, 2)
            .Words("m.weight_shape", [2], 2, 32)
            .Words("m.weight_zero_point", [1, 1], 0x31).Write();
        Assert.Equal([-0.5f, 0, 0.5f, 1], Row(file, 0)[..4]);
        Assert.Equal([24f, 24], Row(file, 1)[..2]);
    }

    [Fact]
    public void Four_bit_floats_with_two_levels_of_scales_divide_by_the_global_one()
    {
        using var file = new SafetensorsBytes()
            .Add("m.weight_packed", "U8", [1, 8], [0x21, 0x43, 0x65, 0x87, 0xA9, 0, 0, 0xFF])
            .Add("m.weight_scale", "F8_E4M3", [1, 1], [0x38])   // 1
            .Floats("m.weight_global_scale", [1], 4).Write();
        Assert.Equal([0.125f, 0.25f, 0.375f, 0.5f, 0.75f, 1, 1.5f, 0, -0.125f, -0.25f, 0, 0, 0, 0, -1.5f, -1.5f], Row(file, 0));
    }

    [Fact]
    public void Whole_bytes_are_codes_of_eight_bits()
    {
        using var file = new SafetensorsBytes()
            .Add("m.weight", "I8", [1, 32], [.. Enumerable.Range(0, 32).Select(i => unchecked((byte)(i - 16)))]).Floats("m.weight_scale", [1, 1], 0.25f).Write();
        Assert.Equal(Enumerable.Range(0, 32).Select(i => (i - 16) / 4f), Row(file, 0));
    }

    [Fact]
    public void Codes_without_scales_are_refused()
    {
        using var file = new SafetensorsBytes().Words("m.qweight", [1, 8], new int[8]).Write();
        Assert.Contains("m.scales is missing", Refusal(file));
    }

    [Fact]
    public void A_group_that_is_not_there_is_refused()
    {
        using var file = new SafetensorsBytes().Words("m.qweight", [1, 8], new int[8]).Words("m.qzeros", [1, 1], 0)
            .Floats("m.scales", [1, 8], new float[8]).Words("m.g_idx", [8], 0, 0, 0, 0, 0, 0, 0, 1).Write();
        Assert.Contains("names a group outside of 0 to 0", Refusal(file));
    }

    [Fact]
    public void Scales_for_other_blocks_are_refused()
    {
        using var file = new SafetensorsBytes().Add("m.weight", "F8_E4M3", [2, 2], new byte[4]).Floats("m.weight_scale_inv", [2, 2], 1, 1, 1, 1).Write();
        Assert.Contains("each block of 128 x 128", Refusal(file));
    }

    static float[] Row(SafetensorsBytes file, int row)
    {
        using var folder = SafetensorsFolder.Open(file.Folder);
        var weight = folder.Matrix("m")!.Open();
        var values = new float[weight.Columns];
        weight.Dequantize(row, values);
        Assert.Empty(folder.Unused);
        return values;
    }

    static string Refusal(SafetensorsBytes file)
    {
        using var folder = SafetensorsFolder.Open(file.Folder);
        return Assert.Throws<ModelFileException>(() => folder.Matrix("m")).Message;
    }
}
