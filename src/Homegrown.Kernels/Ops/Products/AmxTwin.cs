using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Homegrown.Kernels.Emit;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// What AMX kernels compute, to the bit, in .NET's vectors: slow, and on any processor. In a tile of 32 columns the even columns'
/// products are summed from zero, and the odd ones', then both together, then that onto the output; what is subnormal counts as
/// zero everywhere (Intel SDM volume 2, TDPBF16PS).
/// </summary>
static unsafe class AmxTwin
{
    const int Lanes = TileConfiguration.MaxRows, TileWords = AmxCall.TileBytes / sizeof(ushort), Pairs = AmxCall.StepColumns / 2;

    /// <summary>Like a kernel, it counts the blocks down and moves x and y on.</summary>
    internal static void Run(AmxCall* call)
    {
        var sums = stackalloc float[Lanes];
        var (tokens, rows) = (call->Tokens, call->Rows);
        for (; call->Blocks > 0; call->Blocks--)
        {
            for (var t = 0; t < tokens; t++)
            {
                var x = (ushort*)((byte*)call->X + (t / Lanes * call->XTileBytes)) + (t % Lanes * AmxCall.StepColumns);
                for (var r = 0; r < rows; r += Lanes)
                {
                    var y = new Span<float>((float*)((byte*)call->Y + (t * call->YBytes)) + r, Math.Min(Lanes, rows - r));
                    y.CopyTo(new(sums, Lanes));
                    Add(x, (uint*)((byte*)call->Pairs + (r / Lanes * call->PanelBytes)), call->Steps, y.Length, sums);
                    new Span<float>(sums, y.Length).CopyTo(y);
                }
            }

            call->X = (ushort*)((byte*)call->X + (2 * call->XTileBytes));
            call->Y = (float*)((byte*)call->Y + (AmxCall.BlockTokens * call->YBytes));
        }
    }

    /// <summary>Adds a token's products with a panel of up to 16 rows, a row to a lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Add(ushort* x, uint* pairs, long steps, int rows, float* sums)
    {
        var used = Vector512.LessThan(Vector512<uint>.Indices, Vector512.Create((uint)rows));
        var sum = Vector512.Load(sums);
        for (; steps > 0; steps--, x += TileWords, pairs += Pairs * Lanes)
        {
            var (even, odd) = (Vector512<float>.Zero, Vector512<float>.Zero);
            for (var pair = 0; pair < Pairs; pair++)
            {
                var w = Vector512.Load(pairs + (pair * Lanes)) & used;
                even = Flush(Vector512.FusedMultiplyAdd(Widen(x[2 * pair]), Flush((w << 16).AsSingle()), even));
                odd = Flush(Vector512.FusedMultiplyAdd(Widen(x[(2 * pair) + 1]), Flush((w & Vector512.Create(0xFFFF0000u)).AsSingle()), odd));
            }

            sum = Flush(Flush(sum) + Flush(even + odd));
        }

        sum.Store(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> Widen(ushort x) => Flush(Vector512.Create((uint)x << 16).AsSingle());

    /// <summary>Subnormal numbers become zeros of their sign.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> Flush(Vector512<float> values)
    {
        var (sign, leastNormal) = (Vector512.Create(0x80000000u).AsSingle(), Vector512.Create(0x00800000u).AsSingle());
        return Vector512.ConditionalSelect(Vector512.LessThan(Vector512.Abs(values), leastNormal), values & sign, values);
    }
}
