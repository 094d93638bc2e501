using Homegrown.Engine.Shapes;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Tests.Shapes;

public sealed class RandomModelTests
{
    [Fact]
    public void The_medium_mix_of_a_model_with_narrow_rows_falls_back_as_the_published_file_does()
    {
        // Qwen2.5-0.5B has rows of 896, no multiple of 256, but for the down projections (4864).
        var shape = Shape("qwen2.5-0.5b");
        var types = shape.Tensors().Where(tensor => tensor.Role is not null)
            .CountBy(tensor => Mix("Q4_K_M").Of(tensor.Role!.Value, tensor.Layer, shape.Layers, tensor.Columns)).ToDictionary();
        Assert.Equal(new() { [TensorType.Q5_0] = 132, [TensorType.Q8_0] = 13, [TensorType.Q6_K] = 12, [TensorType.Q4_K] = 12 }, types);
    }

    [Theory]
    [InlineData("qwen2.5-0.5b", 494_032_768)]      // the parameters that the makers state
    [InlineData("qwen2.5-1.5b", 1_543_714_304)]
    [InlineData("qwen2.5-7b", 7_615_616_512)]
    [InlineData("llama3.2-1b", 1_235_814_400)]
    [InlineData("smollm2-135m", 134_515_008)]
    public void A_shape_has_the_parameters_of_its_model(string name, long parameters)
        => Assert.Equal(parameters, Shape(name).Tensors().Sum(tensor => (long)tensor.Rows * tensor.Columns));

    [Fact]
    public void A_random_model_loads_without_a_warning_and_its_rows_of_logits_are_finite_and_differ()
    {
        var folder = Directory.CreateTempSubdirectory("homegrown-shape-").FullName;
        try
        {
            var path = Path.Combine(folder, "random.gguf");
            var written = 0L;
            var random = new RandomModel(Shape("smollm2-135m"), Mix("Q4_K_M"));
            using (var stream = File.Create(path)) random.Write(stream, bytes => written = bytes, TestContext.Current.CancellationToken);
            Assert.Equal(random.Bytes, written);
            using var model = LocalModel.Load(path, new() { ContextLength = 64 });
            Assert.Empty(model.Warnings);
            var sums = new List<float>();
            model.Logits(model.Tokenizer.Encode("the"), (_, row) =>
            {
                foreach (var logit in row) Assert.True(float.IsFinite(logit));
                sums.Add(row[0]);
                Assert.NotEqual(row[0], row[1]);
            });
            Assert.Equal(2, sums.Distinct().Count());       // "th" is a merge, "e" a byte
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_cancelled_writing_stops()
    {
        var random = new RandomModel(Shape("qwen2.5-7b"), Mix("F16"));
        Assert.Throws<OperationCanceledException>(() => random.Write(Stream.Null, null, new CancellationToken(canceled: true)));
    }

    static ModelShape Shape(string name) => ModelShape.All.Single(shape => shape.Name == name);

    static TypeMix Mix(string name) => TypeMix.All.Single(mix => mix.Name == name);
}
