namespace Homegrown.Engine.Embeddings;

/// <summary>Vectors brought to a common size, in place.</summary>
static class VectorMath
{
    /// <summary>To length 1; a vector of zeros stays.</summary>
    public static void Normalize(Span<float> vector)
    {
        var squares = 0.0;
        foreach (var value in vector) squares += (double)value * value;
        var scale = (float)(1 / Math.Max(Math.Sqrt(squares), 1e-12));
        foreach (ref var value in vector) value *= scale;
    }

    /// <summary>To mean 0 and variance 1: layer norm without weights.</summary>
    public static void Standardize(Span<float> vector)
    {
        var (sum, squares) = (0.0, 0.0);
        foreach (var value in vector) sum += value;
        var mean = sum / vector.Length;
        foreach (var value in vector) squares += (value - mean) * (value - mean);
        var scale = 1 / Math.Sqrt((squares / vector.Length) + 1e-5);
        foreach (ref var value in vector) value = (float)((value - mean) * scale);
    }
}
