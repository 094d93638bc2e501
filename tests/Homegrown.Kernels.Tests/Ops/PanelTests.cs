using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Tests.Ops;

public sealed unsafe class PanelTests
{
    public static TheoryData<TensorType> PackableTypes => Corpus.PackableTypes;

    [Theory]
    [MemberData(nameof(PackableTypes))]
    public void A_packed_row_decodes_to_what_was_stored(TensorType type)
    {
        const int Columns = 768, Count = 37;
        using var buffer = Corpus.Encode(type, Corpus.Values(Count * Columns, 1), Columns);
        var w = buffer.Weight(type, Count, Columns);
        using var compute = new Compute(new() { Threads = 2, Tier = Tier.Portable });
        using var packing = new PackedWeights(compute);
        Assert.SkipUnless(packing.Serves(w), "weights are packed for vectors of 256 bits and wider only");
        var packed = packing.Pack(w);
        Assert.False(packing.Serves(packed));
        Assert.Equal(Corpus.Decode(w), Corpus.Decode(packed));
    }

    [Theory]
    [MemberData(nameof(PackableTypes))]
    public void Packed_and_stored_rows_unpack_to_the_same_panel(TensorType type)
    {
        const int Columns = 512, Count = 21;
        using var buffer = Corpus.Encode(type, Corpus.Values(Count * Columns, 2), Columns);
        var w = buffer.Weight(type, Count, Columns);
        using var compute = new Compute(new() { Threads = 1, Tier = Tier.Portable });
        using var packing = new PackedWeights(compute);
        Assert.SkipUnless(packing.Serves(w), "weights are packed for vectors of 256 bits and wider only");
        var visitor = new Unpacker { Stored = w, Packed = packing.Pack(w) };
        QuantFormats.VisitCoded<Unpacker, bool>(type, ref visitor);
    }

    struct Unpacker : ICodedFormatVisitor<bool>
    {
        internal Weight Stored, Packed;

        public readonly bool Visit<TFormat>()
            where TFormat : struct, ICodedFormat
        {
            var bytes = (int)Panels<TFormat>.Unpacked.PanelBytes(Stored.Columns);
            byte[] stored = new byte[bytes], packed = new byte[bytes];
            fixed (byte* a = stored, b = packed)
            {
                for (var first = 0; first < Stored.Rows; first += PanelLayout.Rows)
                {
                    Panels<TFormat>.Unpack(Stored, first, a);
                    Panels<TFormat>.Unpack(Packed, first, b);
                    Assert.Equal(stored, packed);
                }
            }

            return true;
        }
    }

    [Fact]
    public void Every_format_is_packed_but_those_that_panels_would_make_larger_by_a_tenth()
        => Assert.Equal(
            [TensorType.IQ2_XXS, TensorType.IQ2_XS, TensorType.IQ3_XXS, TensorType.IQ1_S, TensorType.IQ3_S, TensorType.IQ2_S, TensorType.IQ1_M, TensorType.TQ1_0],
            Corpus.Coded.Except(Corpus.Packable));

    [Theory, InlineData(TensorType.MXFP4), InlineData(TensorType.NVFP4)]
    public void Scales_of_four_bit_floats_unpack_to_what_is_stored_whatever_their_byte(TensorType type)
    {
        const int Columns = 64, Count = 256;
        using var compute = new Compute(new() { Threads = 1, Tier = Tier.Portable });
        using var packing = new PackedWeights(compute);
        using var buffer = new NativeBuffer(Count * QuantFormats.RowBytes(type, Columns));
        var w = buffer.Weight(type, Count, Columns);
        Assert.SkipUnless(packing.Serves(w), "weights are packed for vectors of 256 bits and wider only");
        var blockBytes = QuantFormats.BlockBytes(type);
        var bytes = buffer.Span(0, (int)w.Bytes);
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)(i % blockBytes == 0 ? i / w.RowBytes : i % 251);
        Assert.Equal(Corpus.Decode(w), Corpus.Decode(packing.Pack(w)));
    }

    [Fact]
    public void Packed_weights_of_every_type_cost_less_than_a_tenth_more_than_the_file()
    {
        foreach (var type in Corpus.Packable)
        {
            var layout = Product.Of(type).Packed!;
            Assert.InRange(layout.PanelBytes(2048), 0, 1.1 * 16 * QuantFormats.RowBytes(type, 2048));
        }
    }
}
