using System.Runtime.Intrinsics;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>The specification of both products: scalar sums in double.</summary>
static unsafe class ReferenceProducts
{
    internal static void Floats(in Operands operands, Weight w, int first, int count, int column)
    {
        var values = new Span<float>(Scratch.Take((long)w.Columns * sizeof(float)), w.Columns);
        for (var r = 0; r < count; r++)
        {
            w.Dequantize(first + r, values);
            for (var t = 0; t < operands.Tokens; t++)
            {
                var sum = 0.0;
                var x = operands.X.RowPointer(t);
                for (var c = 0; c < values.Length; c++) sum += (double)values[c] * x[c];
                operands.Y.RowPointer(t)[column + r] = (float)sum;
            }
        }
    }

    /// <summary>
    /// sum over halves of a part of scale(w) * scale(x) * dot(codes(w) - bias, codes(x) + rests(x) / 256) + sum over parts of
    /// min(w) * sum(x), or likewise over halves.
    /// </summary>
    internal static void Coded<TFormat>(in Operands operands, Weight w, int first, int count, int column)
        where TFormat : struct, ICodedFormat
    {
        for (var r = 0; r < count; r++)
        {
            for (var t = 0; t < operands.Tokens; t++)
                operands.Y.RowPointer(t)[column + r] = (float)Dot<TFormat>(w.Row(first + r), operands.Quantized.Row(t));
        }
    }

    static double Dot<TFormat>(ReadOnlySpan<byte> row, PartCodes* x)
        where TFormat : struct, ICodedFormat
    {
        var sum = 0.0;
        for (; !row.IsEmpty; row = row[TFormat.BlockBytes..])
        {
            for (var part = 0; part < TFormat.BlockSize / Blocks.PartSize; part++, x++)
            {
                TFormat.Scales(in row[0], part, out var low, out var high, out var min);
                var weights = TFormat.Codes(in row[0], part);
                for (var i = 0; i < Blocks.PartSize; i++)
                {
                    var product = (weights[i] - TFormat.Bias) * (((double)x->Scale * x->Codes[i]) + ((double)x->RestScale * x->Rests[i]));
                    sum += (i < Blocks.PartSize / 2 ? low : high) * product;
                }

                if (TFormat.HasMin && TFormat.SplitScales) sum += ((double)min * x->FirstSum) + ((double)TFormat.SecondMin(in row[0], part) * x->SecondSum);
                else if (TFormat.HasMin) sum += (double)min * x->Sum;
            }
        }

        return sum;
    }
}
