using System.Runtime.InteropServices;
using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Tests.Emit;

/// <summary>Blocks of tokens by some rows as an AMX kernel takes them; it must add to the outputs what <see cref="AmxTwin"/> adds, to the bit.</summary>
sealed unsafe class AmxWorld : IDisposable
{
    const int Lanes = 16, Gap = 3;
    const uint Untouched = 0x7FABCDEF;

    /// <summary>Bits of bfloat16: zeros, least and largest subnormals and normals, infinities, NaNs.</summary>
    static readonly ushort[] Awkward = [0, 0x8000, 1, 0x807F, 0x0080, 0x8080, 0x7F7F, 0xFF7F, 0x7F80, 0xFF80, 0x7FC0, 0xFF81, 0x3F80, 0xC000, 0x0D80, 0x2B80];

    readonly NativeBuffer x, pairs, y;
    readonly int tokens, blocks, rows, steps;

    /// <param name="tokens">Of a block: 32 where there are several.</param>
    /// <param name="awkward">Every so many numbers are not usual ones; 0 for none.</param>
    internal AmxWorld(int tokens, int blocks, int rows, int steps, int awkward)
    {
        (this.tokens, this.blocks, this.rows, this.steps) = (tokens, blocks, rows, steps);
        x = new((long)2 * blocks * steps * AmxCall.TileBytes);
        pairs = new((long)2 * steps * AmxCall.TileBytes);
        y = new((long)tokens * blocks * (rows + Gap) * sizeof(float));
        var random = new Random(tokens + (100 * rows) + steps);
        foreach (var buffer in (NativeBuffer[])[x, pairs])
        {
            foreach (ref var value in MemoryMarshal.Cast<byte, ushort>(buffer.Span(0, (int)buffer.Bytes)))
                value = awkward > 0 && random.Next(awkward) == 0 ? Awkward[random.Next(Awkward.Length)] : BF16.FromSingle((float)((random.NextDouble() * 2) - 1));
        }
    }

    int Kernel => tokens > Lanes ? 2 : 1;

    internal CodePage Emit() => AmxEmitter.Emit(Kernel, rows > Lanes ? 2 : 1);

    /// <summary>By a kernel and by the twin, from the same outputs.</summary>
    internal void Multiply(Action<CodePage, AmxCall, IEnumerable<Stretch>> run)
    {
        var (call, twin) = (Call(), Call());
        FillOutputs();
        AmxTwin.Run(&twin);
        var expected = Outputs.ToArray();
        FillOutputs();
        using var page = Emit();
        run(page, call, Reach(call));
        for (var t = 0; t < tokens * blocks; t++)
        {
            for (var r = 0; r < rows + Gap; r++)
            {
                var (got, should) = (Outputs[(t * (rows + Gap)) + r], expected[(t * (rows + Gap)) + r]);
                var same = got == should || (r < rows && float.IsNaN(BitConverter.UInt32BitsToSingle(got)) && float.IsNaN(BitConverter.UInt32BitsToSingle(should)));
                Assert.True(same, $"{tokens} tokens, {rows} rows, {steps} steps, token {t}, row {r}: {got:x8}, twin {should:x8}");
            }
        }
    }

    Span<uint> Outputs => MemoryMarshal.Cast<byte, uint>(y.Span(0, (int)y.Bytes));

    /// <summary>What a product adds to; and between the rows what it leaves alone.</summary>
    void FillOutputs()
    {
        for (var i = 0; i < Outputs.Length; i++)
            Outputs[i] = i % (rows + Gap) < rows ? BitConverter.SingleToUInt32Bits(i % 7 == 0 ? 1e-40f : (i % 5) - 1.5f) : Untouched;
    }

    AmxCall Call()
    {
        var call = new AmxCall
        {
            X = (ushort*)x.Data,
            XTileBytes = (long)steps * AmxCall.TileBytes,
            Pairs = (ushort*)pairs.Data,
            PanelBytes = (long)steps * AmxCall.TileBytes,
            Y = (float*)y.Data,
            YBytes = (rows + Gap) * sizeof(float),
            Steps = steps,
            Blocks = blocks,
        };
        call.Shape(tokens, rows);
        return call;
    }

    /// <summary>Lines of tokens, pairs of rows, and outputs: no more than the shapes say.</summary>
    List<Stretch> Reach(AmxCall call)
    {
        var reach = new List<Stretch>();
        for (var t = 0; t < tokens * blocks; t++)
        {
            reach.Add(new((nint)call.Y + (nint)(t * call.YBytes), rows * sizeof(float)));
            for (var step = 0; step < steps; step++)
                reach.Add(new((nint)call.X + (nint)(t / Lanes * call.XTileBytes) + (step * AmxCall.TileBytes) + (t % Lanes * 64), 64));
        }

        for (var r = 0; r < rows; r += Lanes)
            for (var pair = 0; pair < steps * Lanes; pair++)
                reach.Add(new((nint)call.Pairs + (nint)(r / Lanes * call.PanelBytes) + (pair * 64), Math.Min(Lanes, rows - r) * sizeof(float)));
        return reach;
    }

    public void Dispose()
    {
        x.Dispose();
        pairs.Dispose();
        y.Dispose();
    }
}
