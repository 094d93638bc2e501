namespace Homegrown.Kernels.Quant.Codebooks;

/// <summary>
/// What IQ1_S and IQ1_M share: value = scale * (level - 1 + shift), levels 0 to 2 that are points of a book, shift an eighth or minus
/// an eighth. Levels ascend with the values, so that a group's are two borders in its sorted values: all pairs are tried, with the
/// scale that is best for each, and then the levels go to the nearest points. The search, and the order of the float32 sums, are
/// llama.cpp's (ggml-quants.c), so that files come out equal to the byte.
/// </summary>
/// <param name="halves">1: a group has one shift, 2: each half of it has its own.</param>
/// <param name="negligible">A group of values below it counts as zeros.</param>
readonly struct TernarySplit(int group, int halves, float negligible)
{
    internal const float Shift = 0.125f;
    const int PointSize = 8;

    /// <summary>Fits a group; returns its scale.</summary>
    /// <param name="points">[group / 8].</param>
    /// <param name="minus">Bit h: the shift of half h is negative.</param>
    internal float Fit(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, Span<ushort> points, out int minus)
    {
        minus = 0;
        points.Clear();
        if (!(MathF.Abs(LeastSquares.Peak(x)) >= negligible)) return 0;
        Span<int> order = stackalloc int[group];
        Sort(x, order);
        var split = halves == 1 ? Borders(x, weights, order) : BordersOfHalves(x, weights, order);
        if (split.Score < 0) return 0;

        Span<byte> levels = stackalloc byte[group];
        for (var j = 0; j < group; j++) levels[order[j]] = (byte)(j < split.First ? 0 : j < split.Second ? 1 : 2);
        var scale = split.Scale;
        minus = split.Minus;
        if (scale < 0)
        {
            foreach (ref var level in levels) level = (byte)(2 - level);
            scale = -scale;
            minus ^= (1 << halves) - 1;
        }

        return Place(x, weights, levels, scale, minus, points);
    }

    /// <summary>Moves the levels to points; returns the scale that is best for these.</summary>
    float Place(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, ReadOnlySpan<byte> levels, float scale, int minus, Span<ushort> points)
    {
        var allFound = true;
        for (var k = 0; k < points.Length; k++)
        {
            var own = (k * PointSize)..((k + 1) * PointSize);
            var packed = Codebook.Iq1.Pack(levels[own]);
            var point = Codebook.Iq1.Find(packed);
            if (point < 0)
            {
                // From positions 1, 3, 5 to -1, 0, 1 and the shift.
                point = Codebook.Iq1.Near(packed).Best(x[own], weights[own], scale, gain: 0.5f, offset: ShiftOf(k, minus) - 1.5f);
                allFound = false;
            }

            points[k] = (ushort)point;
        }

        if (allFound) return scale;
        var (cross, square) = (0f, 0f);
        for (var i = 0; i < x.Length; i++)
        {
            var value = Value(points, minus, i);
            cross += weights[i] * value * x[i];
            square += weights[i] * value * value;
        }

        return cross > 0 && square > 0 ? cross / square : scale;
    }

    /// <summary>What stands for value <paramref name="i"/>, before the scale.</summary>
    internal float Value(ReadOnlySpan<ushort> points, int minus, int i)
        => Codebook.Iq1.Level(points[i / PointSize], i % PointSize) - 1 + ShiftOf(i / PointSize, minus);

    float ShiftOf(int point, int minus) => ((minus >> (point * PointSize * halves / group)) & 1) != 0 ? -Shift : Shift;

    static void Sort(ReadOnlySpan<float> x, Span<int> order)
    {
        Span<float> sorted = stackalloc float[x.Length];
        x.CopyTo(sorted);
        for (var i = 0; i < order.Length; i++) order[i] = i;
        // Insertion keeps the order of equal values.
        for (var i = 1; i < order.Length; i++)
        {
            var (value, index, j) = (sorted[i], order[i], i);
            for (; j > 0 && sorted[j - 1] > value; j--) (sorted[j], order[j]) = (sorted[j - 1], order[j - 1]);
            (sorted[j], order[j]) = (value, index);
        }
    }

    /// <summary>Sorted values below First have level 0, those from Second on level 2.</summary>
    record struct Split(int First, int Second, int Minus, float Scale, float Score)
    {
        /// <summary>Keeps the split if its best scale takes more off the error.</summary>
        public void Offer(int first, int second, int minus, float cross, float square)
        {
            if (!(square > 0 && cross * cross > Score * square)) return;
            var scale = cross / square;
            this = new(first, second, minus, scale, scale * cross);
        }
    }

    Split Borders(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, ReadOnlySpan<int> order)
    {
        Span<float> sumX = stackalloc float[group + 1], sumW = stackalloc float[group + 1];   // of the first so many sorted values
        for (var j = 0; j < group; j++)
        {
            sumX[j + 1] = sumX[j] + (weights[order[j]] * x[order[j]]);
            sumW[j + 1] = sumW[j] + weights[order[j]];
        }

        var best = new Split(0, 0, 0, 0, float.MinValue);
        for (var first = 0; first <= group; first++)
        {
            for (var second = first; second <= group; second++)
            {
                for (var minus = 0; minus < 2; minus++)
                {
                    var shift = minus == 0 ? Shift : -Shift;
                    var (low, middle, high) = (-1 + shift, shift, 1 + shift);
                    var cross = (sumX[first] * low) + ((sumX[second] - sumX[first]) * middle) + ((sumX[group] - sumX[second]) * high);
                    var square = (sumW[first] * low * low) + ((sumW[second] - sumW[first]) * middle * middle) + ((sumW[group] - sumW[second]) * high * high);
                    best.Offer(first, second, minus, cross, square);
                }
            }
        }

        return best;
    }

    /// <summary>
    /// As <see cref="Borders"/> with a shift for each half, whose sums are kept apart. Levels are 1 apart, so that a half's sum of
    /// weight * x * value is its total times the highest value, less the sums below either border.
    /// </summary>
    Split BordersOfHalves(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, ReadOnlySpan<int> order)
    {
        Span<float> sums = stackalloc float[4 * (group + 1)];   // [group + 1, (x of either half, weight of either half)]
        for (var j = 0; j < group; j++)
        {
            sums.Slice(4 * j, 4).CopyTo(sums[(4 * (j + 1))..]);
            var half = order[j] < group / 2 ? 0 : 1;
            sums[(4 * (j + 1)) + half] += weights[order[j]] * x[order[j]];
            sums[(4 * (j + 1)) + 2 + half] += weights[order[j]];
        }

        var total = sums[^4..];
        var best = new Split(0, 0, 0, 0, float.MinValue);
        Span<float> cross = stackalloc float[4], square = stackalloc float[4];   // [half, shift]
        for (var first = 0; first <= group; first++)
        {
            for (var second = first; second <= group; second++)
            {
                var a = sums.Slice(4 * first, 4);
                var b = sums.Slice(4 * second, 4);
                for (var half = 0; half < 2; half++)
                {
                    for (var minus = 0; minus < 2; minus++)
                    {
                        var shift = minus == 0 ? Shift : -Shift;
                        var (low, middle, high) = (-1 + shift, shift, 1 + shift);
                        cross[(2 * half) + minus] = (total[half] * high) - (a[half] + b[half]);
                        square[(2 * half) + minus] = (total[2 + half] * high * high)
                            + (a[2 + half] * ((low * low) - (middle * middle))) + (b[2 + half] * ((middle * middle) - (high * high)));
                    }
                }

                // The second half's shift changes first, as llama.cpp counts: the first of equals wins.
                for (var k = 0; k < 4; k++)
                    best.Offer(first, second, (k >> 1) | ((k & 1) << 1), cross[k >> 1] + cross[2 + (k & 1)], square[k >> 1] + square[2 + (k & 1)]);
            }
        }

        return best;
    }
}
