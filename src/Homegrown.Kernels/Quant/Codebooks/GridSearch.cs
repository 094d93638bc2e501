namespace Homegrown.Kernels.Quant.Codebooks;

/// <summary>Which points are sought anew once the best scale is known.</summary>
enum Again
{
    /// <summary>Those that stand for levels off the grid.</summary>
    OffGrid,

    /// <summary>All, if any stands for levels off the grid.</summary>
    AllIfOffGrid,

    /// <summary>All.</summary>
    All,
}

/// <summary>
/// Points, signs and scales for a block of 256 values: value = sign * scale * (2 * level + 1). Each group's scale is searched around
/// the one that takes its peak to the highest level: for each, the levels are rounded, moved to the nearest point of the book, and
/// judged by the scale that is best for them. What differs between formats, and the order of the float32 sums, are llama.cpp's
/// (ggml-quants.c), so that files come out equal to the byte.
/// </summary>
sealed record GridSearch
{
    const int SignedTogether = 8, ScaleTop = 15;

    public required Codebook Book { get; init; }

    /// <summary>Values that share a scale: 16 or 32.</summary>
    public required int Group { get; init; }

    /// <summary>Scales tried to either side.</summary>
    public required int Tries { get; init; }

    /// <summary>From one inverse scale to the next, in positions (the highest is 2 * levels - 1) to the range.</summary>
    public required float Step { get; init; }

    /// <summary>A group whose largest value is below counts as zeros.</summary>
    public required float Negligible { get; init; }

    /// <summary>Mean squares of the block that join each square in a weight, with and without importance.</summary>
    public required (float With, float Without) Energy { get; init; }

    public required Again Again { get; init; }

    /// <summary>
    /// Eight signs have an even number of minuses, so that seven are stored: where it is odd, the value that matters least changes
    /// its sign.
    /// </summary>
    public bool EvenSigns { get; init; }

    /// <summary>The tries begin at the scale of a fit to all levels, instead of the peak's.</summary>
    public bool StartFromFit { get; init; }

    /// <summary>The block's scale is multiplied by it: what was found to lower the error.</summary>
    public float Correction { get; init; } = 1;

    /// <summary>Fits 256 values; returns the block's scale, where a group's is (2 * code + 1) times that.</summary>
    /// <param name="points">Indices of the points, [256 / dimensions].</param>
    /// <param name="signs">Bit i of byte k: the sign of value 8k + i, [32].</param>
    /// <param name="codes">Of the groups' scales, 0 to 15, [256 / <see cref="Group"/>].</param>
    internal float Fit(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, Span<ushort> points, Span<byte> signs, Span<byte> codes)
    {
        Span<float> weights = stackalloc float[Group], scales = stackalloc float[codes.Length];
        var energy = LeastSquares.SumOfSquares(x) / x.Length;
        var max = 0f;
        for (var g = 0; g < scales.Length; g++)
        {
            var first = g * Group;
            var values = x.Slice(first, Group);
            for (var i = 0; i < Group; i++)
            {
                weights[i] = importance.IsEmpty
                    ? (Energy.Without * energy) + (values[i] * values[i])
                    : LeastSquares.Weight(importance[first + i], Energy.With * energy, values[i]);
            }

            scales[g] = FitGroup(
                values, weights, points.Slice(first / Book.Dimensions, Group / Book.Dimensions), signs.Slice(first / SignedTogether, Group / SignedTogether));
            if (scales[g] > max) max = scales[g];
        }

        codes.Clear();
        if (max == 0) return 0;
        var scale = max / ((2 * ScaleTop) + 1);
        var inverse = 1 / scale;
        for (var g = 0; g < codes.Length; g++)
            codes[g] = (byte)Math.Clamp(LeastSquares.Nearest(0.5f * ((inverse * scales[g]) - 1)), 0, ScaleTop);
        return scale * Correction;
    }

    float FitGroup(ReadOnlySpan<float> values, ReadOnlySpan<float> weights, Span<ushort> points, Span<byte> signs)
    {
        Span<float> x = stackalloc float[Group], roots = stackalloc float[Group];
        Span<ushort> trial = stackalloc ushort[points.Length];
        for (var i = 0; i < Group; i++) roots[i] = MathF.Sqrt(weights[i]);
        Split(values, weights, x, signs);
        points.Clear();
        var max = x[0];
        foreach (var value in x)
            if (value > max) max = value;
        var range = StartFromFit && max >= Negligible ? FittedRange(x, weights) : max;
        if (max < Negligible || range <= 0)
        {
            signs.Clear();
            return 0;
        }

        var highest = (2 * Book.Top) + 1;
        var (scale, best, offGrid) = (range / highest, 0f, Again == Again.OffGrid ? 0u : ~0u);
        for (var attempt = -Tries; attempt <= Tries; attempt++)
        {
            var inverse = (highest + (attempt * Step)) / range;
            var trialOffGrid = Round(x, roots, inverse, 1 / inverse, ~0u, trial);
            Sums(x, weights, trial, out var cross, out var square);
            if (!(square > 0 && cross * cross > best * square)) continue;
            scale = cross / square;
            best = scale * cross;
            trial.CopyTo(points);
            offGrid = trialOffGrid;
        }

        if (scale > 0 && (offGrid != 0 || Again == Again.All))
        {
            Round(x, roots, 1 / scale, scale, Again == Again.OffGrid ? offGrid : ~0u, points);
            Sums(x, weights, points, out var cross, out var square);
            if (square > 0) scale = cross / square;
        }

        if (scale < 0)
            foreach (ref var byteOfSigns in signs) byteOfSigns = (byte)~byteOfSigns;
        return MathF.Abs(scale);
    }

    /// <summary>Magnitudes and signs. A value whose sign had to change keeps it in its magnitude.</summary>
    void Split(ReadOnlySpan<float> values, ReadOnlySpan<float> weights, Span<float> x, Span<byte> signs)
    {
        for (var k = 0; k < signs.Length; k++)
        {
            var (bits, least, leastAt) = (0, float.PositiveInfinity, k * SignedTogether);
            for (var i = k * SignedTogether; i < (k + 1) * SignedTogether; i++)
            {
                x[i] = values[i] >= 0 ? values[i] : -values[i];
                if (!(values[i] >= 0)) bits |= 1 << (i % SignedTogether);
                var loss = weights[i] * values[i] * values[i];
                if (loss < least) (least, leastAt) = (loss, i);
            }

            if (EvenSigns && (int.PopCount(bits) & 1) != 0)
            {
                x[leastAt] = -x[leastAt];
                bits ^= 1 << (leastAt % SignedTogether);
            }

            signs[k] = (byte)bits;
        }
    }

    /// <summary>The value at the highest level, were every combination of levels a point.</summary>
    float FittedRange(ReadOnlySpan<float> x, ReadOnlySpan<float> weights)
        => LeastSquares.Positive(x, weights, Book.Top + 2, stackalloc byte[x.Length]) * (Book.Top + 1);

    /// <summary>
    /// The points for an inverse scale, where <paramref name="which"/> has their bits; returns the bits of those that were moved to
    /// a point.
    /// </summary>
    uint Round(ReadOnlySpan<float> x, ReadOnlySpan<float> roots, float inverse, float scale, uint which, Span<ushort> points)
    {
        var offGrid = 0u;
        for (var k = 0; k < points.Length; k++)
        {
            if ((which & (1u << k)) == 0) continue;
            var own = (k * Book.Dimensions)..((k + 1) * Book.Dimensions);
            var levels = Book.Round(x[own], inverse);
            var point = Book.Find(levels);
            if (point < 0)
            {
                point = Book.Near(levels).Best(x[own], roots[own], scale);
                offGrid |= 1u << k;
            }

            points[k] = (ushort)point;
        }

        return offGrid;
    }

    /// <summary>Of value and position, and of position and position.</summary>
    void Sums(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, ReadOnlySpan<ushort> points, out float cross, out float square)
    {
        (cross, square) = (0, 0);
        var i = 0;
        foreach (var point in points)
        {
            foreach (var position in Book.Positions(point))
            {
                cross += weights[i] * x[i] * position;
                square += weights[i] * position * position;
                i++;
            }
        }
    }
}
