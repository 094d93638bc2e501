using System.Runtime.Intrinsics;
using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>What a product reads and writes: x, [tokens, columns], also as codes, bfloat16 or tiles where any part needs it, and y, [tokens, rows].</summary>
readonly struct Operands(Tensor x, QuantizedRows quantized, RestLists rests, BrainRows brains, AmxRows tiles, Tensor y)
{
    /// <summary>More tokens than this are many: their panels are unpacked first. Measured.</summary>
    public const int FewTokens = 4 * PartEmitter.MaxTokens;

    public readonly Tensor X = x, Y = y;
    public readonly QuantizedRows Quantized = quantized;

    /// <summary>For emitted products only.</summary>
    public readonly RestLists Rests = rests;

    /// <summary>For emitted products only.</summary>
    public readonly BrainRows Brains = brains;

    /// <summary>Where many tokens are multiplied by AMX.</summary>
    public readonly AmxRows Tiles = tiles;

    public int Tokens => X.Rows;
}

/// <summary>The product with one storage format: where a type id becomes a static type, once per matrix.</summary>
abstract class Product
{
    /// <summary>Multiplies rows <paramref name="first"/> to first + count - 1 of w into the columns of y from <paramref name="column"/> on.</summary>
    internal abstract void Run(in Operands operands, Weight w, int first, int count, int column);

    /// <summary>Of panels, for formats that are multiplied from panels.</summary>
    internal virtual PanelLayout? Packed => null;

    /// <summary>Packs 16 rows of a weight as stored, from <paramref name="first"/> on, into <see cref="PanelLayout.PanelBytes"/> of memory.</summary>
    internal virtual unsafe void Pack(Weight w, int first, byte* to) => throw new NotSupportedException($"{w.Type} is not packed.");

    /// <summary>Decodes a row of a packed weight, [columns].</summary>
    internal virtual void Dequantize(Weight w, int row, Span<float> values) => throw new NotSupportedException($"{w.Type} is not packed.");

    /// <summary>16 rows of a weight, packed or not, in pairs of bfloat16 for AMX: columns / 32 tiles of 1 kB.</summary>
    internal virtual unsafe void UnpackPairs(Weight w, int first, byte* to) => throw new NotSupportedException($"{w.Type} is not multiplied in tiles.");

    internal static Product Of(TensorType type)
    {
        if (!QuantFormats.IsCoded(type)) return FloatProduct.Instance;
        var visitor = default(Visitor);
        return QuantFormats.VisitCoded<Visitor, Product>(type, ref visitor);
    }

    readonly struct Visitor : ICodedFormatVisitor<Product>
    {
        public Product Visit<TFormat>()
            where TFormat : struct, ICodedFormat => CodedProduct<TFormat>.Instance;
    }
}

/// <summary>Weights and activations in float32, except for emitted products of BF16 and for AMX: unquantized weights always, others in exact mode.</summary>
sealed class FloatProduct : Product
{
    internal static FloatProduct Instance { get; } = new();

    internal override unsafe void UnpackPairs(Weight w, int first, byte* to) => AmxFloats.Unpack(w, first, to);

    internal override void Run(in Operands operands, Weight w, int first, int count, int column)
    {
        var compute = operands.X.Compute;
        if (operands.Tiles.Exist && w.Type != TensorType.F32) AmxProducts.Run(this, operands, w, first, count, column);
        else if (compute.Tier == Tier.Reference) ReferenceProducts.Floats(operands, w, first, count, column);
        else if (EmittedFloats.Serve(compute, w)) EmittedFloats.Run(operands, w, first, count, column);
        else if (compute.VectorBits == 512) FloatProducts<Lanes512, Vector512<float>>.Run(operands, w, first, count, column);
        else if (compute.VectorBits == 256) FloatProducts<Lanes256, Vector256<float>>.Run(operands, w, first, count, column);
        else FloatProducts<Lanes128, Vector128<float>>.Run(operands, w, first, count, column);
    }
}

/// <summary>Weights and activations as codes.</summary>
sealed class CodedProduct<TFormat> : Product
    where TFormat : struct, ICodedFormat
{
    internal static CodedProduct<TFormat> Instance { get; } = new();

    internal override PanelLayout? Packed => Panels<TFormat>.Packed;

    internal override unsafe void UnpackPairs(Weight w, int first, byte* to) => AmxPanels<TFormat>.Unpack(w, first, to);

    internal override unsafe void Pack(Weight w, int first, byte* to) => Panels<TFormat>.Pack(w, first, to);

    internal override void Dequantize(Weight w, int row, Span<float> values) => Panels<TFormat>.Dequantize(w, row, values);

    internal override void Run(in Operands operands, Weight w, int first, int count, int column)
    {
        var compute = operands.X.Compute;
        if (operands.Tiles.Exist) AmxProducts.Run(this, operands, w, first, count, column);
        else if (compute.Exact) FloatProduct.Instance.Run(operands, w, first, count, column);
        else if (compute.Tier == Tier.Reference) ReferenceProducts.Coded<TFormat>(operands, w, first, count, column);
        else if (compute.VectorBits == 128) NarrowProducts<TFormat>.Run(operands, w, first, count, column);
        else if (compute.Tier >= Tier.Emitted) EmittedProducts<TFormat>.Run(operands, w, first, count, column);
        else if (compute.VectorBits == 256) PanelProducts<TFormat, Lanes256, Vector256<int>, Vector256<float>>.Run(operands, w, first, count, column);
        else PanelProducts<TFormat, Lanes512, Vector512<int>, Vector512<float>>.Run(operands, w, first, count, column);
    }
}
