using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;
using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Quant;
using Homegrown.Kernels.Tests.Ops;

namespace Homegrown.Kernels.Tests.Emit;

/// <summary>Memory that a call may touch, beside the call itself.</summary>
readonly record struct Stretch(nint Start, long Bytes);

/// <summary>Runs a kernel: by the interpreter, which knows bounds, or by the processor.</summary>
delegate void RunKernel(CodePage page, ProductCall call, IEnumerable<Stretch> reach);

/// <summary>
/// Two panels of a coded format by some tokens, as kernels take them; each way to multiply them must give the portable tier's outputs,
/// to the bit, and leave the memory between them alone.
/// </summary>
sealed unsafe class ProductWorld : IDisposable
{
    const int Rows = PanelLayout.Rows, PanelCount = 2, Gap = 3, StretchParts = 5;
    const uint Untouched = 0x7FABCDEF;

    readonly Compute compute = new(new() { Threads = 1, Tier = Tier.Portable, MaxVectorBits = 256 });
    readonly PanelLayout packed, unpacked;
    readonly NativeBuffer packedPanels, unpackedPanels;
    readonly RunKernel run;
    readonly QuantizedRows x;
    readonly int tokens, parts;
    readonly int[] expected;

    /// <summary>Outputs [tokens, 32] and a gap after each row: kernels write a stride.</summary>
    readonly uint[] outputs;

    internal ProductWorld(TensorType type, int groups, int tokens, Activations activations, RunKernel run)
    {
        Assert.SkipWhen(compute.VectorBits < 256, "the portable tier multiplies panels in vectors of 256 bits and wider only");
        (this.tokens, this.run, packed, unpacked) = (tokens, run, KernelLayouts.Packed(type), KernelLayouts.Unpacked(type));
        parts = groups * packed.GroupParts;
        var columns = parts * Blocks.PartSize;
        (packedPanels, unpackedPanels) = (new(PanelCount * packed.PanelBytes(columns)), new(PanelCount * unpacked.PanelBytes(columns)));
        using var stored = Corpus.Encode(type, Corpus.Values(PanelCount * Rows * columns, groups), columns);
        var fill = new Fill { Stored = stored.Weight(type, PanelCount * Rows, columns), Packed = packedPanels.Data, Unpacked = unpackedPanels.Data };
        QuantFormats.VisitCoded<Fill, bool>(type, ref fill);
        var tensor = Corpus.Rent(compute, activations.Of(tokens, columns), columns);
        x = QuantizedRows.From(tensor);
        var y = MatMul.Forward(tensor, new Matrix(new Weight(type, PanelCount * Rows, columns, packedPanels.Data, packed)));
        expected = [.. Enumerable.Range(0, tokens).SelectMany(t => MemoryMarshal.Cast<float, int>(y.Row(t)).ToArray())];
        outputs = GC.AllocateArray<uint>(tokens * YStride, pinned: true);
    }

    static int YStride => (PanelCount * Rows) + Gap;

    /// <summary>How many parts have rests in any token.</summary>
    internal int RestParts => Enumerable.Range(0, parts).Count(part => TokensWithRests(part).Length > 0);

    internal int Parts => parts;

    float* Outputs(int token, int panel) => (float*)Marshal.UnsafeAddrOfPinnedArrayElement(outputs, (token * YStride) + (panel * Rows));

    /// <summary>All parts at once from packed panels, for tokens that one kernel takes.</summary>
    internal void MultiplyPacked() => Multiply(packed, packedPanels.Data, 1, ProductEmitter.Emit(packed, 1, tokens, KernelLayouts.PrefetchBytes));

    /// <summary>The same from one or two unpacked panels.</summary>
    internal void MultiplyUnpacked(int panels) => Multiply(unpacked, unpackedPanels.Data, panels, ProductEmitter.Emit(unpacked, panels, tokens));

    void Multiply(PanelLayout layout, byte* data, int panels, CodePage page)
    {
        outputs.AsSpan().Fill(Untouched);
        var listed = Pinned(Enumerable.Range(0, parts).Where(part => TokensWithRests(part).Length > 0));
        for (var panel = 0; panel < PanelCount; panel += panels)
            Run(page, layout, Call(layout, data, panel, 0, parts), panels, Enumerable.Range(0, tokens), listed, listed.Length);
        page.Dispose();
        Check();
    }

    /// <summary>Some parts after others, tile by tile, to sums in memory; then the rests, of the parts and tokens that have any.</summary>
    internal void MultiplyInStretches(int panels, int tile)
    {
        outputs.AsSpan().Fill(Untouched);
        for (var t = 0; t < tokens; t++) new Span<float>(Outputs(t, 0), PanelCount * Rows).Clear();
        for (var t = 0; t < tokens; t += tile)
        {
            var count = Math.Min(tile, tokens - t);
            using var page = ProductEmitter.Emit(unpacked, panels, count, adds: true);
            for (var part = 0; part < parts; part += StretchParts)
                for (var panel = 0; panel < PanelCount; panel += panels)
                    Run(page, unpacked, Call(unpacked, unpackedPanels.Data, panel, part, Math.Min(StretchParts, parts - part), t), panels, Enumerable.Range(0, count), [], 0);
        }

        using var rests = RestEmitter.Emit(unpacked, panels);
        var entries = Pinned(
            from part in Enumerable.Range(0, parts)
            from token in TokensWithRests(part)
            select Unsafe.BitCast<RestEntry, int>(new((ushort)part, (ushort)token)));
        for (var panel = 0; panel < PanelCount && entries.Length > 0; panel += panels)
            Run(rests, unpacked, Call(unpacked, unpackedPanels.Data, panel, 0, parts), panels, Enumerable.Range(0, tokens), entries, entries.Length);
        Check();
    }

    int[] TokensWithRests(int part) => [.. Enumerable.Range(0, tokens).Where(t => x.Row(t)[part].HasRest != 0)];

    static int[] Pinned(IEnumerable<int> numbers)
    {
        var list = numbers.ToArray();
        var pinned = GC.AllocateArray<int>(list.Length, pinned: true);
        list.CopyTo(pinned, 0);
        return pinned;
    }

    /// <summary>Without a list.</summary>
    ProductCall Call(PanelLayout layout, byte* data, int panel, int part, int count, int token = 0)
    {
        var panelBytes = layout.PanelBytes(parts * Blocks.PartSize);
        return new()
        {
            Panel = data + (panel * panelBytes) + (part / layout.GroupParts * layout.GroupBytes),
            PanelBytes = panelBytes,
            X = x.Row(token) + part,
            XBytes = x.RowBytes,
            Y = Outputs(token, panel),
            YBytes = YStride * sizeof(float),
            Parts = count,
        };
    }

    /// <summary>Allows what the call names: the parts of the panels and tokens, the tokens' outputs, the list.</summary>
    /// <param name="numbers">Of the tokens, from the call's first.</param>
    /// <param name="list">Pinned.</param>
    void Run(CodePage page, PanelLayout layout, ProductCall call, int panels, IEnumerable<int> numbers, int[] list, int listed)
    {
        call.Listed = listed;
        if (listed > 0) call.List = (int*)Marshal.UnsafeAddrOfPinnedArrayElement(list, 0);
        var reach = new List<Stretch>();
        for (var p = 0; p < panels; p++) reach.Add(new((nint)(call.Panel + (p * call.PanelBytes)), layout.PanelBytes((int)call.Parts * Blocks.PartSize)));
        foreach (var t in numbers)
        {
            reach.Add(new((nint)((byte*)call.X + (t * call.XBytes)), call.Parts * PartCodes.Size));
            reach.Add(new((nint)((byte*)call.Y + (t * call.YBytes)), panels * Rows * sizeof(float)));
        }

        reach.Add(new((nint)call.List, list.Length * sizeof(int)));
        run(page, call, reach);
    }

    void Check()
    {
        for (var t = 0; t < tokens; t++)
        {
            for (var r = 0; r < PanelCount * Rows; r++)
            {
                var (got, should) = ((int)outputs[(t * YStride) + r], expected[(t * PanelCount * Rows) + r]);
                Assert.True(got == should, $"token {t}, row {r}: {got:x8}, portable {should:x8}");
            }

            Assert.Equal(-1, outputs.AsSpan((t * YStride) + (PanelCount * Rows), Gap).IndexOfAnyExcept(Untouched));
        }
    }

    public void Dispose()
    {
        compute.Dispose();
        packedPanels.Dispose();
        unpackedPanels.Dispose();
    }

    struct Fill : ICodedFormatVisitor<bool>
    {
        internal Weight Stored;
        internal byte* Packed, Unpacked;

        public readonly bool Visit<TFormat>()
            where TFormat : struct, ICodedFormat
        {
            for (var panel = 0; panel < PanelCount; panel++)
            {
                Panels<TFormat>.Pack(Stored, panel * Rows, Packed + (panel * Panels<TFormat>.Packed!.PanelBytes(Stored.Columns)));
                Panels<TFormat>.Unpack(Stored, panel * Rows, Unpacked + (panel * Panels<TFormat>.Unpacked.PanelBytes(Stored.Columns)));
            }

            return true;
        }
    }
}
