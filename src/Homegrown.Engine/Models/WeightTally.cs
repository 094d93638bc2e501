using Homegrown.Kernels;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Models;

/// <summary>What layers took of a model's weights so far, for predictions.</summary>
sealed class WeightTally
{
    readonly Dictionary<TensorType, long> bytes = [];
    readonly Dictionary<string, (double Results, int Inputs)> widths = new(StringComparer.Ordinal);

    /// <summary>Bytes of products' weights that a decoded token reads, by type: of experts those that are chosen.</summary>
    public IReadOnlyDictionary<TensorType, long> BytesByType => bytes;

    /// <summary>
    /// Numbers that a token's row takes in the widest layer: the results of its products, of experts with the rows brought to them, and the
    /// longest row that enters one, in codes.
    /// </summary>
    public long WidestLayer => widths.Values.Select(width => (long)width.Results + width.Inputs).DefaultIfEmpty().Max();

    /// <param name="prefix">"blk.{layer}." and further; empty for what is around the layers.</param>
    /// <param name="share">Of tokens that pass through it.</param>
    public void Add(string prefix, Weight weight, double share)
    {
        bytes[weight.Type] = bytes.GetValueOrDefault(weight.Type) + (long)(weight.Bytes * share);
        if (prefix.Length == 0) return;
        var layer = string.Join('.', prefix.Split('.').Take(2));
        var (results, inputs) = widths.GetValueOrDefault(layer);
        widths[layer] = (results + ((weight.Rows + (share < 1 ? (double)weight.Columns : 0)) * share), Math.Max(inputs, weight.Columns));
    }
}
