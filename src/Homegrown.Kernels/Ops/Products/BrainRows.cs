using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Homegrown.Kernels.Quant;
using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Activations rounded to bfloat16, [rows, columns]: what a processor's products of BF16 pairs take. Each errs by 2^-8 of itself
/// at most.
/// </summary>
readonly unsafe struct BrainRows
{
    readonly ushort* values;
    readonly int columns;

    BrainRows(Tensor x)
    {
        columns = x.Columns;
        values = (ushort*)x.Compute.Arena.Take((long)x.Rows * RowBytes);
    }

    BrainRows(ushort* values, int columns)
    {
        this.values = values;
        this.columns = columns;
    }

    /// <summary>From a row on.</summary>
    internal BrainRows From(int row) => new(Row(row), columns);

    /// <summary>From a row to the next.</summary>
    internal long RowBytes => Padded((long)columns * sizeof(ushort));

    internal ushort* Row(int row) => (ushort*)((byte*)values + (row * RowBytes));

    /// <summary>An odd number of cache lines: the same column of neighbouring rows then lies in different sets of a cache.</summary>
    internal static long Padded(long bytes) => (((bytes + 63) / 64) | 1) * 64;

    /// <summary>Rounds all rows of x into arena memory.</summary>
    internal static BrainRows From(Tensor x)
    {
        var rows = new BrainRows(x);
        var job = new Job { X = x, Rows = rows };
        x.Compute.Pool.Run(x.Rows, ref job);
        return rows;
    }

    struct Job : IJob
    {
        public Tensor X;
        public BrainRows Rows;

        public readonly void Run(int row) => Round(X.RowPointer(row), Rows.Row(row), X.Columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Round(float* from, ushort* to, int count)
    {
        var c = 0;
        for (; c <= count - Vector512<ushort>.Count; c += Vector512<ushort>.Count) Round(from + c).Store(to + c);
        for (; c < count; c++) to[c] = BF16.FromSingle(from[c]);
    }

    /// <summary>32 numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<ushort> Round(float* from) => Round(Vector512.Load(from), Vector512.Load(from + 16));

    /// <summary>The same from two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<ushort> Round(Vector512<float> first, Vector512<float> second) => Vector512.Narrow(Round(first), Round(second));

    /// <summary>As <see cref="BF16.FromSingle"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<uint> Round(Vector512<float> value)
    {
        var bits = value.AsUInt32();
        var upper = bits >> 16;
        var rounded = (bits + Vector512.Create(0x7FFFu) + (upper & Vector512<uint>.One)) >> 16;
        return Vector512.ConditionalSelect(Vector512.IsNaN(value).AsUInt32(), upper | Vector512.Create(0x40u), rounded);
    }
}
