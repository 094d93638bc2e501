using System.Globalization;
using Homegrown.Engine;
using Homegrown.Kernels;
using Homegrown.Kernels.Quant;

namespace Homegrown.Cli.Measuring;

/// <summary>What decoding reads of one type, and how fast it is multiplied where memory does not matter.</summary>
/// <param name="Bytes">A token.</param>
sealed record DecodeWall(long Bytes, ProductRoof Roof)
{
    /// <summary>Types below it, norms and biases mostly, are not measured.</summary>
    const double LeastShare = 0.01;

    /// <summary>The largest type first.</summary>
    public static IReadOnlyList<DecodeWall> Of(LocalModel model)
        => [.. from type in model.BytesByType
               where type.Value >= LeastShare * model.BytesPerToken
               orderby type.Value descending
               select new DecodeWall(type.Value, ProductRoof.Measure(model.Compute, type.Key))];

    /// <summary>Why a token takes longer than its bytes: types whose instructions take longer, and what is not products.</summary>
    /// <param name="bandwidth">Bytes a second that memory delivers.</param>
    /// <param name="token">Seconds.</param>
    public static string Reason(IReadOnlyList<DecodeWall> walls, double bandwidth, double token)
    {
        var slow = walls.Where(wall => wall.Roof.BytesPerSecond < bandwidth).Select(wall => wall.Text(bandwidth));
        var products = walls.Sum(wall => wall.Bytes / Math.Min(bandwidth, wall.Roof.BytesPerSecond));
        return string.Join("; ", slow.Append(string.Create(CultureInfo.InvariantCulture,
            $"{1e3 * Math.Max(0, token - products):0.0} of {1e3 * token:0.0} ms a token are not products at these rates: beginnings of matrices, attention, norms, sampling")));
    }

    string Text(double bandwidth)
        => $"{QuantFormats.Name(Roof.Type)}: {(Roof.IsPacked ? "instructions" : "stored rows, unpacked for every product,")} bound it, "
            + $"{ByteSize.Text(Roof.BytesPerSecond)}/s from the cache, not memory with {ByteSize.Text(bandwidth)}/s";
}
