using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>What all formats do with their blocks.</summary>
static class Blocks
{
    /// <summary>Values of a part: what <see cref="ICodedFormat.Codes"/> decodes at once.</summary>
    internal const int PartSize = 32;

    /// <summary>The number of blocks, once both sides agree on it.</summary>
    /// <exception cref="ArgumentException">The values are not whole blocks, or the bytes are not as many blocks.</exception>
    internal static int Count<TFormat>(int values, int bytes)
        where TFormat : struct, IQuantFormat
    {
        var count = values / TFormat.BlockSize;
        if (count * TFormat.BlockSize != values || (long)count * TFormat.BlockBytes != bytes)
        {
            throw new ArgumentException(
                $"{values} values and {bytes} bytes are not the same blocks of {TFormat.Type} ({TFormat.BlockSize} values, {TFormat.BlockBytes} bytes).");
        }

        return count;
    }

    /// <summary>As <see cref="Count{TFormat}"/>, for encoding: importance is empty or as long as the values.</summary>
    internal static int Count<TFormat>(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
        where TFormat : struct, IQuantFormat
    {
        if (!importance.IsEmpty && importance.Length != values.Length)
            throw new ArgumentException($"{importance.Length} importance weights for a row of {values.Length} values.");
        if (importance.IsEmpty && TFormat.NeedsImportance)
            throw new ArgumentException($"{TFormat.Type} needs importance weights: give an importance matrix, or choose a type of more bits.");
        return Count<TFormat>(values.Length, blocks.Length);
    }

    /// <summary>
    /// Decodes any coded format by its definition, scale * (code - bias) + min. A minimum of 0 is not added: it would turn -0 into 0.
    /// </summary>
    internal static void Dequantize<TFormat>(ReadOnlySpan<byte> blocks, Span<float> values)
        where TFormat : struct, ICodedFormat
    {
        var count = Count<TFormat>(values.Length, blocks.Length);
        for (var b = 0; b < count; b++)
        {
            ref readonly var block = ref blocks[b * TFormat.BlockBytes];
            for (var part = 0; part < TFormat.BlockSize / PartSize; part++)
            {
                TFormat.Scales(in block, part, out var low, out var high, out var min);
                var codes = TFormat.Codes(in block, part) - Vector256.Create((sbyte)TFormat.Bias);
                var secondMin = TFormat.HasMin && TFormat.SplitScales ? TFormat.SecondMin(in block, part) : min;
                Decode<TFormat>(codes, low, high, min, secondMin, values.Slice((b * TFormat.BlockSize) + (part * PartSize), PartSize));
            }
        }
    }

    /// <summary>A part of codes, their bias taken off, to floats, [32].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Decode<TFormat>(Vector256<sbyte> codes, float low, float high, float min, float secondMin, Span<float> y)
        where TFormat : struct, ICodedFormat
    {
        var (first, second) = Vector256.Widen(codes);
        Store(first, low, TFormat.HasMin, min, y);
        Store(second, high, TFormat.HasMin, secondMin, y[16..]);
    }

    /// <summary>Decodes 16 codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(Vector256<short> codes, float scale, bool hasMin, float min, Span<float> y)
    {
        var (first, second) = Vector256.Widen(codes);
        var (a, b) = (Vector256.ConvertToSingle(first) * scale, Vector256.ConvertToSingle(second) * scale);
        if (hasMin) (a, b) = (a + Vector256.Create(min), b + Vector256.Create(min));
        a.CopyTo(y);
        b.CopyTo(y[8..]);
    }

    /// <summary>An unaligned number at an offset of a block; blocks are little-endian, as every processor that .NET runs on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Read<T>(ref readonly byte block, nint offset)
        where T : unmanaged
        => Unsafe.ReadUnaligned<T>(ref Unsafe.Add(ref Unsafe.AsRef(in block), offset));

    /// <summary>The half at an offset of a block, as a float.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Half(ref readonly byte block, nint offset) => F16.ToSingle(Read<ushort>(in block, offset));

    /// <summary>Writes a half at the start of <paramref name="block"/>.</summary>
    internal static void WriteHalf(Span<byte> block, float value) => MemoryMarshal.Write(block, F16.FromSingle(value));
}
