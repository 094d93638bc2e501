using BenchmarkDotNet.Attributes;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;
using Homegrown.Kernels.Quant;

namespace Homegrown.Benchmarks;

/// <summary>
/// y = x w of 4864 rows and 1024 columns on one thread, packed as a model is. It fits no second
/// cache level, but a third: for reading from memory, measure a model.
/// </summary>
public class Products : IDisposable
{
    const int Rows = 4864, Columns = 1024;

    readonly Compute compute = new(new() { Threads = 1 });
    PackedWeights? packing;
    NativeBuffer? buffer;
    Matrix? matrix;
    Tensor x;

    [Params(TensorType.F32, TensorType.F16, TensorType.BF16, TensorType.Q8_0, TensorType.Q4_0, TensorType.Q4_1, TensorType.Q4_K, TensorType.Q5_K, TensorType.Q6_K)]
    public TensorType Type { get; set; }

    [Params(1, 8, 512)]
    public int Tokens { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        buffer = Inputs.Matrix(Type, Rows, Columns);
        packing = new(compute);
        var stored = buffer.Weight(Type, Rows, Columns);
        matrix = new(packing.Serves(stored) ? packing.Pack(stored) : stored);
        x = Inputs.Rent(compute, Tokens, Columns);
    }

    [Benchmark]
    public float Multiply()
    {
        using var scope = compute.Scope();
        return MatMul.Forward(x, matrix!).Row(0)[0];
    }

    [GlobalCleanup]
    public void Dispose()
    {
        packing?.Dispose();
        buffer?.Dispose();
        compute.Dispose();
        GC.SuppressFinalize(this);
    }
}
