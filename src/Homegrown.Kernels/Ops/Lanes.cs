using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops;

/// <summary>4 floats.</summary>
readonly unsafe struct Lanes128(Vector128<float> value) : ILanes<Lanes128>
{
    const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    readonly Vector128<float> value = value;

    public static int Count => 4;

    [MethodImpl(Inline)]
    public static Lanes128 Load(float* from) => new(Vector128.Load(from));

    [MethodImpl(Inline)]
    public static void LoadHalves(Half* from, out Lanes128 even, out Lanes128 odd)
    {
        var (pairs, mask) = (Vector128.Load((int*)from), Vector128.Create(F16.MovedBits));
        even = new((((pairs << 16) >> 3) & mask).AsSingle());
        odd = new(((pairs >> 3) & mask).AsSingle());
    }

    [MethodImpl(Inline)]
    public static Lanes128 LoadSBytes(sbyte* from)
        => new(Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)from).AsSByte()))));

    [MethodImpl(Inline)]
    public static Lanes128 Create(float value) => new(Vector128.Create(value));

    [MethodImpl(Inline)]
    public static Lanes128 operator +(Lanes128 a, Lanes128 b) => new(a.value + b.value);

    [MethodImpl(Inline)]
    public static Lanes128 operator -(Lanes128 a, Lanes128 b) => new(a.value - b.value);

    [MethodImpl(Inline)]
    public static Lanes128 operator *(Lanes128 a, Lanes128 b) => new(a.value * b.value);

    [MethodImpl(Inline)]
    public static Lanes128 operator /(Lanes128 a, Lanes128 b) => new(a.value / b.value);

    [MethodImpl(Inline)]
    public static Lanes128 MultiplyAdd(Lanes128 a, Lanes128 b, Lanes128 c) => new(Vector128.FusedMultiplyAdd(a.value, b.value, c.value));

    [MethodImpl(Inline)]
    public static Lanes128 Max(Lanes128 a, Lanes128 b) => new(Vector128.MaxNative(a.value, b.value));

    [MethodImpl(Inline)]
    public static Lanes128 Min(Lanes128 a, Lanes128 b) => new(Vector128.MinNative(a.value, b.value));

    [MethodImpl(Inline)]
    public static Lanes128 Round(Lanes128 value) => new(Vector128.Round(value.value));

    [MethodImpl(Inline)]
    public static Lanes128 PowerOfTwo(Lanes128 exponent)
        => new(((Vector128.ConvertToInt32Native(exponent.value) + Vector128.Create(127)) << 23).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes128 SwapPairs(Lanes128 value)
        => new(Vector128.Shuffle(value.value, Vector128.Create(1, 0, 3, 2)));

    [MethodImpl(Inline)]
    public void Store(float* to) => value.Store(to);

    [MethodImpl(Inline)]
    public float Sum() => Vector128.Sum(value);

    [MethodImpl(Inline)]
    public float Largest()
    {
        var pairs = Vector128.MaxNative(value, Vector128.Shuffle(value, Vector128.Create(2, 3, 0, 1)));
        return MathF.Max(pairs[0], pairs[1]);
    }
}

/// <summary>8 floats.</summary>
readonly unsafe struct Lanes256(Vector256<float> value) : ILanes<Lanes256>
{
    const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    readonly Vector256<float> value = value;

    public static int Count => 8;

    [MethodImpl(Inline)]
    public static Lanes256 Load(float* from) => new(Vector256.Load(from));

    [MethodImpl(Inline)]
    public static void LoadHalves(Half* from, out Lanes256 even, out Lanes256 odd)
    {
        var (pairs, mask) = (Vector256.Load((int*)from), Vector256.Create(F16.MovedBits));
        even = new((((pairs << 16) >> 3) & mask).AsSingle());
        odd = new(((pairs >> 3) & mask).AsSingle());
    }

    [MethodImpl(Inline)]
    public static Lanes256 LoadSBytes(sbyte* from)
        => new(Vector256.ConvertToSingle(Vector256.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)from).AsSByte()).ToVector256Unsafe())));

    [MethodImpl(Inline)]
    public static Lanes256 Create(float value) => new(Vector256.Create(value));

    [MethodImpl(Inline)]
    public static Lanes256 operator +(Lanes256 a, Lanes256 b) => new(a.value + b.value);

    [MethodImpl(Inline)]
    public static Lanes256 operator -(Lanes256 a, Lanes256 b) => new(a.value - b.value);

    [MethodImpl(Inline)]
    public static Lanes256 operator *(Lanes256 a, Lanes256 b) => new(a.value * b.value);

    [MethodImpl(Inline)]
    public static Lanes256 operator /(Lanes256 a, Lanes256 b) => new(a.value / b.value);

    [MethodImpl(Inline)]
    public static Lanes256 MultiplyAdd(Lanes256 a, Lanes256 b, Lanes256 c) => new(Vector256.FusedMultiplyAdd(a.value, b.value, c.value));

    [MethodImpl(Inline)]
    public static Lanes256 Max(Lanes256 a, Lanes256 b) => new(Vector256.MaxNative(a.value, b.value));

    [MethodImpl(Inline)]
    public static Lanes256 Min(Lanes256 a, Lanes256 b) => new(Vector256.MinNative(a.value, b.value));

    [MethodImpl(Inline)]
    public static Lanes256 Round(Lanes256 value) => new(Vector256.Round(value.value));

    [MethodImpl(Inline)]
    public static Lanes256 PowerOfTwo(Lanes256 exponent)
        => new(((Vector256.ConvertToInt32Native(exponent.value) + Vector256.Create(127)) << 23).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes256 SwapPairs(Lanes256 value)
        => new(Vector256.Shuffle(value.value, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6)));

    [MethodImpl(Inline)]
    public void Store(float* to) => value.Store(to);

    [MethodImpl(Inline)]
    public float Sum() => Vector256.Sum(value);

    [MethodImpl(Inline)]
    public float Largest() => new Lanes128(Vector128.MaxNative(value.GetLower(), value.GetUpper())).Largest();
}

/// <summary>16 floats.</summary>
readonly unsafe struct Lanes512(Vector512<float> value) : ILanes<Lanes512>
{
    const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    readonly Vector512<float> value = value;

    public static int Count => 16;

    [MethodImpl(Inline)]
    public static Lanes512 Load(float* from) => new(Vector512.Load(from));

    [MethodImpl(Inline)]
    public static void LoadHalves(Half* from, out Lanes512 even, out Lanes512 odd)
    {
        var (pairs, mask) = (Vector512.Load((int*)from), Vector512.Create(F16.MovedBits));
        even = new((((pairs << 16) >> 3) & mask).AsSingle());
        odd = new(((pairs >> 3) & mask).AsSingle());
    }

    [MethodImpl(Inline)]
    public static Lanes512 LoadSBytes(sbyte* from)
        => new(Vector512.ConvertToSingle(Vector512.WidenLower(Vector256.WidenLower(Vector128.Load(from).ToVector256Unsafe()).ToVector512Unsafe())));

    [MethodImpl(Inline)]
    public static Lanes512 Create(float value) => new(Vector512.Create(value));

    [MethodImpl(Inline)]
    public static Lanes512 operator +(Lanes512 a, Lanes512 b) => new(a.value + b.value);

    [MethodImpl(Inline)]
    public static Lanes512 operator -(Lanes512 a, Lanes512 b) => new(a.value - b.value);

    [MethodImpl(Inline)]
    public static Lanes512 operator *(Lanes512 a, Lanes512 b) => new(a.value * b.value);

    [MethodImpl(Inline)]
    public static Lanes512 operator /(Lanes512 a, Lanes512 b) => new(a.value / b.value);

    [MethodImpl(Inline)]
    public static Lanes512 MultiplyAdd(Lanes512 a, Lanes512 b, Lanes512 c) => new(Vector512.FusedMultiplyAdd(a.value, b.value, c.value));

    [MethodImpl(Inline)]
    public static Lanes512 Max(Lanes512 a, Lanes512 b) => new(Vector512.MaxNative(a.value, b.value));

    [MethodImpl(Inline)]
    public static Lanes512 Min(Lanes512 a, Lanes512 b) => new(Vector512.MinNative(a.value, b.value));

    [MethodImpl(Inline)]
    public static Lanes512 Round(Lanes512 value) => new(Vector512.Round(value.value));

    [MethodImpl(Inline)]
    public static Lanes512 PowerOfTwo(Lanes512 exponent)
        => new(((Vector512.ConvertToInt32Native(exponent.value) + Vector512.Create(127)) << 23).AsSingle());

    [MethodImpl(Inline)]
    public static Lanes512 SwapPairs(Lanes512 value)
        => new(Vector512.Shuffle(value.value, Vector512.Create(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)));

    [MethodImpl(Inline)]
    public void Store(float* to) => value.Store(to);

    [MethodImpl(Inline)]
    public float Sum() => Vector512.Sum(value);

    [MethodImpl(Inline)]
    public float Largest() => new Lanes256(Vector256.MaxNative(value.GetLower(), value.GetUpper())).Largest();
}
