using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>A width of float vectors, so that a kernel is written once and compiled for each.</summary>
unsafe interface IFloatLanes<TFloats>
{
    static abstract int Count { get; }

    static abstract TFloats Load(float* values);

    /// <summary>Numbers of <see cref="F16"/>.</summary>
    static abstract TFloats LoadHalves(byte* values);

    /// <summary>Numbers of <see cref="BF16"/>.</summary>
    static abstract TFloats LoadBrainFloats(byte* values);

    static abstract TFloats Broadcast(float value);

    static abstract void Store(TFloats values, float* target);

    static abstract TFloats Multiply(TFloats a, TFloats b);

    /// <summary>a * b + c, rounded once.</summary>
    static abstract TFloats MultiplyAdd(TFloats a, TFloats b, TFloats c);

    static abstract float Sum(TFloats values);
}

/// <summary>As wide vectors of bytes, 16-bit and 32-bit integers.</summary>
unsafe interface IByteLanes<TInts, TFloats> : IFloatLanes<TFloats>
{
    static abstract TInts Load(byte* bytes);

    /// <summary>The four bytes at <paramref name="bytes"/> in every element.</summary>
    static abstract TInts Broadcast(void* bytes);

    static abstract TInts Fill(int value);

    static abstract void Store(TInts ints, byte* target);

    static abstract TInts Add(TInts a, TInts b);

    /// <summary>The processor has an instruction for <see cref="AddDots"/>.</summary>
    static abstract bool HasDots { get; }

    /// <summary>Adds to each 16 bits of the sums two products of bytes, unsigned with signed ones.</summary>
    static abstract TInts AddPairs(TInts sums, TInts codes, TInts x);

    /// <summary>The two halves of each element, signed, added.</summary>
    static abstract TInts SumPairs(TInts sums);

    /// <summary>Adds to each sum four products of bytes: unsigned ones with signed ones, pairs of which fit 16 bits.</summary>
    static abstract TInts AddDots(TInts sums, TInts codes, TInts x);

    /// <summary>The same with codes of 0 to 255 that stand for code - 128, and x from -127 to 127.</summary>
    static abstract TInts AddSigned(TInts sums, TInts codes, TInts x);

    static abstract TFloats ToFloats(TInts ints);
}

/// <summary>128 bits.</summary>
readonly unsafe struct Lanes128 : IFloatLanes<Vector128<float>>
{
    public static int Count => Vector128<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* values) => Vector128.Load(values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadHalves(byte* values)
    {
        // As F16.ToSingle, without its branch.
        var bits = ((Widen(values) << 16).AsInt32() >> 3) & Vector128.Create(unchecked((int)0x8FFFE000));
        var exponent = Vector128.Create(0x0F800000);
        var notFinite = Vector128.Equals(bits & exponent, exponent) & Vector128.Create(0x7F800000);
        return ((bits.AsSingle() * Vector128.Create(F16.Rebias)).AsInt32() | notFinite).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBrainFloats(byte* values) => (Widen(values) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<uint> Widen(byte* values) => Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)values).AsUInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<float> values, float* target) => values.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) => Vector128.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector128<float> values) => Vector128.Sum(values);
}

/// <summary>256 bits.</summary>
readonly unsafe struct Lanes256 : IByteLanes<Vector256<int>, Vector256<float>>
{
    public static int Count => Vector256<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* values) => Vector256.Load(values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalves(byte* values)
    {
        // As F16.ToSingle, without its branch.
        var bits = ((Widen(values) << 16).AsInt32() >> 3) & Vector256.Create(unchecked((int)0x8FFFE000));
        var exponent = Vector256.Create(0x0F800000);
        var notFinite = Vector256.Equals(bits & exponent, exponent) & Vector256.Create(0x7F800000);
        return ((bits.AsSingle() * Vector256.Create(F16.Rebias)).AsInt32() | notFinite).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadBrainFloats(byte* values) => (Widen(values) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<uint> Widen(byte* values) => Avx2.ConvertToVector256Int32((ushort*)values).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> values, float* target) => values.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Vector256.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> values) => Vector256.Sum(values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(byte* bytes) => Vector256.Load((int*)bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(void* bytes) => Vector256.Create(*(int*)bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Fill(int value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<int> ints, byte* target) => ints.Store((int*)target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> a, Vector256<int> b) => a + b;

    public static bool HasDots
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => AvxVnni.IsSupported;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddPairs(Vector256<int> sums, Vector256<int> codes, Vector256<int> x)
        => (sums.AsInt16() + Avx2.MultiplyAddAdjacent(codes.AsByte(), x.AsSByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> SumPairs(Vector256<int> sums) => Avx2.MultiplyAddAdjacent(sums.AsInt16(), Vector256<short>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddDots(Vector256<int> sums, Vector256<int> codes, Vector256<int> x)
        => AvxVnni.IsSupported
            ? AvxVnni.MultiplyWideningAndAdd(sums, codes.AsByte(), x.AsSByte())
            : sums + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(codes.AsByte(), x.AsSByte()), Vector256<short>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddSigned(Vector256<int> sums, Vector256<int> codes, Vector256<int> x)
    {
        // The sign moves from the code to x: pairs of products of up to 128 * 127 fit 16 bits.
        var w = codes.AsSByte() ^ Vector256.Create(sbyte.MinValue);
        return AddDots(sums, Vector256.Abs(w).AsInt32(), Avx2.Sign(x.AsSByte(), w).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToFloats(Vector256<int> ints) => Vector256.ConvertToSingle(ints);
}

/// <summary>512 bits.</summary>
readonly unsafe struct Lanes512 : IByteLanes<Vector512<int>, Vector512<float>>
{
    public static int Count => Vector512<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* values) => Vector512.Load(values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadHalves(byte* values)
    {
        // As F16.ToSingle, without its branch.
        var bits = ((Widen(values) << 16).AsInt32() >> 3) & Vector512.Create(unchecked((int)0x8FFFE000));
        var exponent = Vector512.Create(0x0F800000);
        var notFinite = Vector512.Equals(bits & exponent, exponent) & Vector512.Create(0x7F800000);
        return ((bits.AsSingle() * Vector512.Create(F16.Rebias)).AsInt32() | notFinite).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadBrainFloats(byte* values) => (Widen(values) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<uint> Widen(byte* values) => Avx512F.ConvertToVector512UInt32(Vector256.Load((ushort*)values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> values, float* target) => values.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) => Vector512.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> values) => Vector512.Sum(values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load(byte* bytes) => Vector512.Load((int*)bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Broadcast(void* bytes) => Vector512.Create(*(int*)bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Fill(int value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<int> ints, byte* target) => ints.Store((int*)target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Add(Vector512<int> a, Vector512<int> b) => a + b;

    public static bool HasDots
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddPairs(Vector512<int> sums, Vector512<int> codes, Vector512<int> x)
        => (sums.AsInt16() + Avx512BW.MultiplyAddAdjacent(codes.AsByte(), x.AsSByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> SumPairs(Vector512<int> sums) => Avx512BW.MultiplyAddAdjacent(sums.AsInt16(), Vector512<short>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddDots(Vector512<int> sums, Vector512<int> codes, Vector512<int> x)
        => sums + Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(codes.AsByte(), x.AsSByte()), Vector512<short>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddSigned(Vector512<int> sums, Vector512<int> codes, Vector512<int> x)
    {
        // The sign moves from the code to x: pairs of products of up to 128 * 127 fit 16 bits.
        var w = codes.AsSByte() ^ Vector512.Create(sbyte.MinValue);
        return AddDots(sums, Vector512.Abs(w).AsInt32(), Vector512.ConditionalSelect(Vector512.LessThan(w, Vector512<sbyte>.Zero), -x.AsSByte(), x.AsSByte()).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ToFloats(Vector512<int> ints) => Vector512.ConvertToSingle(ints);
}
