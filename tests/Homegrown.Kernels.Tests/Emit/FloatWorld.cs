using System.Runtime.InteropServices;
using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Quant;
using Homegrown.Kernels.Tests.Emit.Emulator;
using Homegrown.Kernels.Tests.Ops;

namespace Homegrown.Kernels.Tests.Emit;

/// <summary>
/// Rows of floats by some tokens as <see cref="FloatEmitter"/>'s kernels take them, at the ends of memory; outputs must be those of
/// the sums written out, to the bit (any NaN for a NaN).
/// </summary>
sealed unsafe class FloatWorld : IDisposable
{
    /// <summary>Between rows, and between outputs, in floats: kernels take a stride.</summary>
    const int Gap = 5;

    static readonly float[] Awkward =
        [0, -0f, float.Epsilon, -1e-40f, 1.1754944e-38f, float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 1e-20f, 65504];

    /// <summary>Halves that no float above becomes: the least and largest subnormal, and a NaN of another payload; as bfloat16, usual numbers.</summary>
    static readonly ushort[] AwkwardHalves = [0x0001, 0x83FF, 0x7D01];

    readonly FloatProductKind kind;
    /// <summary>Of rows.</summary>
    const int Groups = 2;

    readonly int groupRows, rows, tokens, steps;
    readonly GuardedMemory w, x, y;

    /// <param name="awkward">Every so many numbers are not usual ones; 0 for none.</param>
    internal FloatWorld(FloatProductKind kind, int rows, int tokens, int steps, int awkward)
    {
        rows *= Groups;
        (this.kind, groupRows, this.rows, this.tokens, this.steps) = (kind, rows / Groups, rows, tokens, steps);
        var random = new Random(rows + (10 * tokens) + (100 * steps));
        w = Fill(rows, kind != FloatProductKind.Singles);
        x = Fill(tokens, kind == FloatProductKind.BrainFloatPairs);
        y = new((tokens * (rows + Gap)) - Gap);
        new Span<float>(y.Data, (tokens * (rows + Gap)) - Gap).Fill(float.Pi);

        GuardedMemory Fill(int count, bool halves)
        {
            var memory = new GuardedMemory((count * Stride(halves)) - Gap);
            var numbers = new Span<float>(memory.Data, (count * Stride(halves)) - Gap);
            foreach (ref var number in numbers) number = Number();
            if (!halves) return memory;
            foreach (ref var half in MemoryMarshal.Cast<float, ushort>(numbers)) half = Half(Number());
            return memory;
        }

        bool IsAwkward() => awkward > 0 && random.Next(awkward) == 0;

        float Number() => IsAwkward() ? Awkward[random.Next(Awkward.Length)] : (float)((random.NextDouble() * 2) - 1);

        ushort Half(float number) => IsAwkward() ? AwkwardHalves[random.Next(AwkwardHalves.Length)]
            : kind == FloatProductKind.Halves ? F16.FromSingle(number) : BF16.FromSingle(number);
    }

    int Columns => steps * FloatEmitter.PartColumns;

    /// <summary>From a row to the next, in floats.</summary>
    int Stride(bool halves) => (halves ? Columns / 2 : Columns) + Gap;

    int WStride => Stride(kind != FloatProductKind.Singles);

    int XStride => Stride(kind == FloatProductKind.BrainFloatPairs);

    internal void Multiply(RunKernel run)
    {
        using var page = FloatEmitter.Emit(kind, groupRows, tokens, prefetchBytes: groupRows == 1 ? 256 : 0);
        var call = new ProductCall
        {
            Panel = (byte*)w.Data,
            PanelBytes = WStride * sizeof(float),
            X = (PartCodes*)x.Data,
            XBytes = XStride * sizeof(float),
            Y = y.Data,
            YBytes = (rows + Gap) * sizeof(float),
            Parts = steps,
            Listed = Groups,
        };
        run(page, call, Reach(call));
        for (var t = 0; t < tokens; t++)
        {
            for (var r = 0; r < rows + (t < tokens - 1 ? Gap : 0); r++)
            {
                var (got, should) = (y.Data[(t * (rows + Gap)) + r], r < rows ? Expected(t, r) : float.Pi);
                Assert.True(
                    BitConverter.SingleToInt32Bits(got) == BitConverter.SingleToInt32Bits(should) || (float.IsNaN(got) && float.IsNaN(should)),
                    $"{kind}, {rows} rows, {tokens} tokens, {steps} steps, token {t}, row {r}: {got:R}, written out {should:R}");
            }
        }

        foreach (var memory in (GuardedMemory[])[w, x, y]) memory.Check();
    }

    List<Stretch> Reach(ProductCall call)
    {
        var reach = new List<Stretch>();
        for (var r = 0; r < rows; r++) reach.Add(new((nint)call.Panel + (nint)(r * call.PanelBytes), call.PanelBytes - (Gap * sizeof(float))));
        for (var t = 0; t < tokens; t++)
        {
            reach.Add(new((nint)call.X + (nint)(t * call.XBytes), call.XBytes - (Gap * sizeof(float))));
            reach.Add(new((nint)call.Y + (nint)(t * call.YBytes), rows * sizeof(float)));
        }

        return reach;
    }

    /// <summary>16 sums along the columns; of these four by four the first and third, the second and fourth, and both together.</summary>
    float Expected(int token, int row)
    {
        var sums = new float[16];
        for (var step = 0; step < steps * (kind == FloatProductKind.BrainFloatPairs ? 1 : 2); step++)
            for (var lane = 0; lane < 16; lane++) sums[lane] = Add(sums[lane], token, row, (step * 16) + lane);
        var quarters = new float[4];
        for (var q = 0; q < 4; q++) quarters[q] = Together(sums.AsSpan(4 * q, 4));
        return Together(quarters);

        static float Together(ReadOnlySpan<float> four) => (four[0] + four[2]) + (four[1] + four[3]);
    }

    /// <summary>One product; of pairs two, the odd one first, subnormals as zeros.</summary>
    float Add(float sum, int token, int row, int at)
    {
        float* weights = w.Data + (row * WStride), activations = x.Data + (token * XStride);
        if (kind != FloatProductKind.BrainFloatPairs)
        {
            var weight = kind switch
            {
                FloatProductKind.Singles => weights[at],
                FloatProductKind.Halves => Floats.FromHalf(((ushort*)weights)[at]),
                _ => Floats.FromBFloat(((ushort*)weights)[at]),
            };
            return MathF.FusedMultiplyAdd(activations[at], weight, sum);
        }

        for (var half = 1; half >= 0; half--)
            sum = Floats.FlushedStep(sum, Floats.FromBFloat(((ushort*)activations)[(2 * at) + half]), Floats.FromBFloat(((ushort*)weights)[(2 * at) + half]));
        return sum;
    }

    public void Dispose()
    {
        w.Dispose();
        x.Dispose();
        y.Dispose();
    }
}
