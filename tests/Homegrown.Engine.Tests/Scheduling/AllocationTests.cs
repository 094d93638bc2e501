using Homegrown.Engine.Cache;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Scheduling;

/// <summary>A decoded token allocates nothing on the managed heap, from one draw to the next: apply, plan, run.</summary>
public sealed class AllocationTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Decoding_allocates_nothing(bool exact) => Check(Repository.Model, exact);

    /// <summary>Layers whose lists and windows are made anew every step.</summary>
    [Theory]
    [InlineData("deepseek_v32")]
    [InlineData("hy_v4")]
    [InlineData("dots3_note_text")]
    [InlineData("deepseek_v4")]
    [InlineData("qwen4_exp")]
    [InlineData("glm5_next")]
    public Task Decoding_allocates_nothing_where_layers_choose_and_compress(string folder) => Check(Repository.Shared("hf", folder), exact: true);

    static async Task Check(string path, bool exact)
    {
        using var file = LocalModel.Open(path);
        var metadata = new ModelMetadata(file);
        using var compute = new Compute(new() { Exact = exact });
        using var packing = new PackedWeights(compute);
        var weights = new Weights(file, packing);
        var model = ModelCatalog.Find(file).LoadDecoder(ModelConfig.Read(metadata, weights.Rows("token_embd")), weights);
        using var cache = new KvCache(model.KvShape, 256, exact ? KvType.F32 : KvType.F16);
        using var engine = new EngineLoop(model, compute, cache);
        var sink = new MeasuringSink(steps: 40, warmUp: 20);
        engine.Add(new Sequence([1, 2, 3], 256, sink));
        Assert.Null(await sink.Done.Task);
        Assert.Equal(0, sink.Allocated);
    }

    sealed class MeasuringSink(int steps, int warmUp) : ISequenceSink
    {
        int step;
        long start;

        public TaskCompletionSource<Exception?> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Bytes that the engine's thread allocated after the warm-up.</summary>
        public long Allocated { get; private set; }

        public bool Cancelled => false;

        public int? Next(ReadOnlySpan<float> logits)
        {
            var now = GC.GetAllocatedBytesForCurrentThread();
            if (++step == warmUp) start = now;
            Allocated = now - start;
            return step < steps ? 100 + step : null;
        }

        public void Ended(Exception? error) => Done.SetResult(error);
    }
}
