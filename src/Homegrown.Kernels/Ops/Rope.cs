namespace Homegrown.Kernels.Ops;

/// <summary>Which two numbers of a head turn together. Files do not say: it belongs to the architecture.</summary>
public enum RopePairing
{
    /// <summary>2i and 2i + 1 (the paper's, GPT-J's; Llama's GGUF).</summary>
    Adjacent,

    /// <summary>i and i + dims / 2 (GPT-NeoX', Hugging Face's; Qwen).</summary>
    Halves,
}

/// <summary>Rotary positions (Su et al. 2021, arXiv 2104.09864).</summary>
public static class Rope
{
    /// <summary>
    /// Cosines and sines of each row: [rows, 2 * frequencies.Length], cosines first, of position * frequency (radians), times
    /// <paramref name="magnitude"/> (YaRN's attention factor, otherwise 1). Made once a step and used by every layer.
    /// </summary>
    public static Tensor Rotations(Compute compute, ReadOnlySpan<int> positions, ReadOnlySpan<double> frequencies, float magnitude)
    {
        var n = frequencies.Length;
        var rotations = compute.Rent(positions.Length, 2 * n);
        for (var row = 0; row < positions.Length; row++)
        {
            var values = rotations.Row(row);
            for (var i = 0; i < n; i++)
            {
                var (sin, cos) = Math.SinCos(positions[row] * frequencies[i]);
                (values[i], values[n + i]) = ((float)cos * magnitude, (float)sin * magnitude);
            }
        }

        return rotations;
    }

    /// <summary>Turns the first 2 * frequencies of every head of x, [rows, heads * headDim], in place.</summary>
    public static void Rotate(Tensor x, int headDim, Tensor rotations, RopePairing pairing)
    {
        var n = rotations.Columns / 2;
        for (var row = 0; row < x.Rows; row++)
        {
            var values = x.Row(row);
            var turns = rotations.Row(row);
            for (var head = 0; head < values.Length; head += headDim)
            {
                for (var i = 0; i < n; i++)
                {
                    var (a, b) = pairing == RopePairing.Halves ? (head + i, head + i + n) : (head + (2 * i), head + (2 * i) + 1);
                    var (u, v) = (values[a], values[b]);
                    values[a] = (u * turns[i]) - (v * turns[n + i]);
                    values[b] = (u * turns[n + i]) + (v * turns[i]);
                }
            }
        }
    }
}
