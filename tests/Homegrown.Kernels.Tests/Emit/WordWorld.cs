using System.Runtime.InteropServices;
using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Tests.Emit.Emulator;
using Homegrown.Kernels.Tests.Ops;

namespace Homegrown.Kernels.Tests.Emit;

delegate void RunWordKernel(CodePage page, WordCall call, IEnumerable<Stretch> reach);

/// <summary>Blocks of rows as <see cref="WordEmitter"/>'s kernels take them, at the ends of memory; results must be those of the sums written out, to the bit.</summary>
sealed unsafe class WordWorld : IDisposable
{
    /// <summary>Between rows of a, in words, and between results, in floats: kernels take strides.</summary>
    const int Gap = 4;

    const int Lanes = 32, Untouched = 77;

    readonly int rows, blocks, terms, aStride;
    readonly bool adds;
    readonly GuardedMemory a, aScales, b, bScales, c;

    /// <param name="largest">Of the magnitudes of both sides.</param>
    internal WordWorld(int rows, int blocks, int steps, bool adds, int largest)
    {
        (this.rows, this.blocks, this.adds, terms) = (rows, blocks, adds, steps * WordEmitter.StepTerms);
        aStride = terms + Gap;
        var random = new Random(rows + (100 * steps));
        a = Words(((Rows * aStride) - Gap) / 2);
        b = Words(terms / 2 * Lanes);
        (aScales, bScales, c) = (Scales(Rows), Scales(Lanes), Scales((Rows * (Lanes + Gap)) - Gap));
        for (var row = 0; row < Rows - 1; row++) new Span<float>(c.Data + (row * (Lanes + Gap)) + Lanes, Gap).Fill(Untouched);

        GuardedMemory Words(int pairs)
        {
            var memory = new GuardedMemory(pairs);
            foreach (ref var word in MemoryMarshal.Cast<float, short>(new Span<float>(memory.Data, pairs))) word = (short)random.Next(-largest - 1, largest + 1);
            return memory;
        }

        GuardedMemory Scales(int count)
        {
            var memory = new GuardedMemory(count);
            foreach (ref var scale in new Span<float>(memory.Data, count)) scale = random.NextSingle();
            return memory;
        }
    }

    int Rows => rows * blocks;

    internal void Multiply(RunWordKernel run)
    {
        using var page = WordEmitter.Emit(rows, adds);
        var expected = new float[Rows, Lanes];
        for (var row = 0; row < Rows; row++)
            for (var lane = 0; lane < Lanes; lane++) expected[row, lane] = Expected(row, lane);
        var call = new WordCall
        {
            A = (short*)a.Data,
            ABytes = aStride * sizeof(short),
            AScales = aScales.Data,
            B = (short*)b.Data,
            BScales = bScales.Data,
            C = c.Data,
            CBytes = (Lanes + Gap) * sizeof(float),
            Steps = terms / WordEmitter.StepTerms,
            Blocks = blocks,
        };
        run(page, call, Reach(call));
        for (var row = 0; row < Rows; row++)
            for (var lane = 0; lane < Lanes + (row < Rows - 1 ? Gap : 0); lane++)
                Assert.Equal(lane < Lanes ? expected[row, lane] : Untouched, c.Data[(row * (Lanes + Gap)) + lane]);
        foreach (var memory in (GuardedMemory[])[a, aScales, b, bScales, c]) memory.Check();
    }

    /// <summary>The definition: 32 bits of an exact sum, a float of it, both scales.</summary>
    float Expected(int row, int lane)
    {
        var sum = 0;
        for (var k = 0; k < terms; k++)
            sum = unchecked(sum + (((short*)a.Data)[(row * aStride) + k] * ((short*)b.Data)[(((k / 2 * Lanes) + lane) * 2) + (k % 2)]));
        var scaled = sum * bScales.Data[lane];
        return adds ? MathF.FusedMultiplyAdd(scaled, aScales.Data[row], c.Data[(row * (Lanes + Gap)) + lane]) : scaled * aScales.Data[row];
    }

    List<Stretch> Reach(WordCall call)
    {
        List<Stretch> reach =
        [
            new((nint)call.B, terms * Lanes * sizeof(short)), new((nint)call.BScales, Lanes * sizeof(float)), new((nint)call.AScales, Rows * sizeof(float)),
        ];
        for (var row = 0; row < Rows; row++)
        {
            reach.Add(new((nint)call.A + (nint)(row * call.ABytes), terms * sizeof(short)));
            reach.Add(new((nint)call.C + (nint)(row * call.CBytes), Lanes * sizeof(float)));
        }

        return reach;
    }

    public void Dispose()
    {
        foreach (var memory in (GuardedMemory[])[a, aScales, b, bScales, c]) memory.Dispose();
    }
}
