using Homegrown.Kernels;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Models;

/// <summary>What layers took of a model's weights so far, for predictions.</summary>
sealed class WeightTally
{
    readonly Dictionary<TensorType, long> bytes = [];
    readonly Dictionary<string, double> widths = new(StringComparer.Ordinal);

    /// <summary>Bytes of products' weights that a decoded token reads, by type: of experts those that are chosen.</summary>
    public IReadOnlyDictionary<TensorType, long> BytesByType => bytes;

    /// <summary>Numbers that a token's row takes in the widest layer: what enters its products, and what comes out of them.</summary>
    public long WidestLayer => (long)widths.Values.DefaultIfEmpty().Max();

    /// <param name="prefix">"blk.{layer}." and further; empty for what is around the layers.</param>
    /// <param name="share">Of tokens that pass through it.</param>
    public void Add(string prefix, Weight weight, double share)
    {
        bytes[weight.Type] = bytes.GetValueOrDefault(weight.Type) + (long)(weight.Bytes * share);
        if (prefix.Length == 0) return;
        var layer = string.Join('.', prefix.Split('.').Take(2));
        widths[layer] = widths.GetValueOrDefault(layer) + (((double)weight.Rows + weight.Columns) * share);
    }
}
