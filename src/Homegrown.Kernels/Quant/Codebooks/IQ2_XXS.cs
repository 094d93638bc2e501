using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant.Codebooks;

/// <summary>
/// 2 bits as points of eight values, in super-blocks of 256 with a scale for every 32: w = d * (2 s[p] + 1) / 8 * value. A block of
/// 66 bytes:
/// <code>
/// 0   d  half
/// 2   8 x 8 bytes, of part p: four indices of points of eight values; then 4 x 7 bits of signs (<see cref="Signs"/>), and s[p] in
///     the upper four bits
/// </code>
/// </summary>
public readonly struct IQ2_XXS : ICodedFormat
{
    const int PartsAt = 2, PartBytes = 8, SignsAt = 4;   // the last in a part

    static readonly ulong[] Points = Codebook.Iq2Xxs.Decoded<ulong>(8, 25, 43);

    static readonly GridSearch Search = new()
    {
        Book = Codebook.Iq2Xxs,
        Group = 32,
        Tries = 6,
        Step = 0.1f,
        Negligible = 1e-15f,
        Energy = (1, 0),
        Again = Again.All,
        EvenSigns = true,
        StartFromFit = true,
    };

    public static TensorType Type => TensorType.IQ2_XXS;

    public static int BlockSize => SuperBlock.Size;

    public static int BlockBytes => 66;

    public static int Bits => 8;

    public static int Bias => 0;

    public static bool HasMin => false;

    public static bool SplitScales => false;

    public static bool NeedsImportance => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part)
    {
        var at = PartsAt + (part * PartBytes);
        var i = Blocks.Read<uint>(in block, at);
        var values = Vector256.Create(Points[i & 255], Points[(i >> 8) & 255], Points[(i >> 16) & 255], Points[i >> 24]);
        return Signs.Apply(values.AsSByte(), Signs.Unpack(Blocks.Read<uint>(in block, at + SignsAt)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
    {
        var code = (int)(Blocks.Read<uint>(in block, PartsAt + (part * PartBytes) + SignsAt) >> 28);
        low = Blocks.Half(in block, 0) * ((2 * code) + 1) * 0.125f;
        (high, min) = (low, 0);
    }

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<IQ2_XXS>(blocks, values);

    /// <remarks>
    /// Where a value that lost its sign rounds below the lowest level, llama.cpp's first fit counts it as a code of 255; here it is 0.
    /// Some blocks in a hundred differ for that, by a smaller error.
    /// </remarks>
    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        Span<ushort> points = stackalloc ushort[32];
        Span<byte> signs = stackalloc byte[32], scales = stackalloc byte[8];
        var count = Blocks.Count<IQ2_XXS>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var columns = (b * BlockSize)..((b + 1) * BlockSize);
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            Blocks.WriteHalf(block, Search.Fit(values[columns], importance[columns], points, signs, scales));
            for (var part = 0; part < SuperBlock.Parts; part++)
            {
                var bytes = block.Slice(PartsAt + (part * PartBytes), PartBytes);
                for (var k = 0; k < 4; k++) bytes[k] = (byte)points[(4 * part) + k];
                MemoryMarshal.Write(bytes[SignsAt..], Signs.Pack(signs.Slice(4 * part, 4)) | ((uint)scales[part] << 28));
            }
        }
    }
}
