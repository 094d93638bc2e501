using System.Runtime.CompilerServices;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// A vector of floats of one width, as a type: an operation is written once over it and compiled for 128, 256 and 512 bits. Lane i
/// of a result depends on lane i of the operands only and is rounded alike in every width, so a lane's value does not change with the width.
/// </summary>
unsafe interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    static abstract int Count { get; }

    static abstract TSelf Load(float* from);

    /// <summary>
    /// Halves 0, 2, 4.. and 1, 3, 5.. from <paramref name="from"/> on as floats times <see cref="Quant.F16.Moved"/>: their bits in a
    /// float's place. An infinity or a NaN becomes a number of 65536 or more, times the same.
    /// </summary>
    static abstract void LoadHalves(Half* from, out TSelf even, out TSelf odd);

    /// <summary>Signed bytes as floats.</summary>
    static abstract TSelf LoadSBytes(sbyte* from);

    static abstract TSelf Create(float value);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary>a * b + c, rounded once.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>The larger; where <paramref name="b"/> is NaN, NaN.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary>The smaller; where <paramref name="b"/> is NaN, NaN.</summary>
    static abstract TSelf Min(TSelf a, TSelf b);

    /// <summary>To the nearest integer, ties to even.</summary>
    static abstract TSelf Round(TSelf value);

    /// <summary>2 to an integer from -127 (which gives 0) to 128 (which gives infinity).</summary>
    static abstract TSelf PowerOfTwo(TSelf exponent);

    /// <summary>Lanes 2i and 2i + 1 change places.</summary>
    static abstract TSelf SwapPairs(TSelf value);

    void Store(float* to);

    float Sum();

    /// <summary>The largest lane, of numbers.</summary>
    float Largest();
}

static class LaneMath
{
    /// <summary>
    /// e to the x within 2 units of the last place; 0 below -87.7, infinity above 88.3. x = n ln 2 + r, and e to the r by the
    /// polynomial of Cephes' expf (Moshier 1989); ln 2 is split so that n ln 2 is exact.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Exp<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>
    {
        x = TLanes.Min(TLanes.Create(88.8f), TLanes.Max(TLanes.Create(-88), x));
        var n = TLanes.Round(x * TLanes.Create(1.44269504f));
        var r = TLanes.MultiplyAdd(n, TLanes.Create(-0.693359375f), x);
        r = TLanes.MultiplyAdd(n, TLanes.Create(2.12194440e-4f), r);
        var p = TLanes.Create(1.9875691500e-4f);
        p = TLanes.MultiplyAdd(p, r, TLanes.Create(1.3981999507e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Create(8.3334519073e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Create(4.1665795894e-2f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Create(1.6666665459e-1f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Create(5.0000001201e-1f));
        p = TLanes.MultiplyAdd(p, r * r, r) + TLanes.Create(1);
        return p * TLanes.PowerOfTwo(n);
    }

    /// <summary>
    /// The hyperbolic tangent within 4 units of the last place: a quotient of polynomials whose coefficients are those of Eigen's
    /// float tanh; beyond 7.9 it is 1 to the last bit but one.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Tanh<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>
    {
        x = TLanes.Min(TLanes.Create(7.90531110763549805f), TLanes.Max(TLanes.Create(-7.90531110763549805f), x));
        var s = x * x;
        var p = TLanes.Create(-2.76076847742355e-16f);
        p = TLanes.MultiplyAdd(p, s, TLanes.Create(2.00018790482477e-13f));
        p = TLanes.MultiplyAdd(p, s, TLanes.Create(-8.60467152213735e-11f));
        p = TLanes.MultiplyAdd(p, s, TLanes.Create(5.12229709037114e-08f));
        p = TLanes.MultiplyAdd(p, s, TLanes.Create(1.48572235717979e-05f));
        p = TLanes.MultiplyAdd(p, s, TLanes.Create(6.37261928875436e-04f));
        p = TLanes.MultiplyAdd(p, s, TLanes.Create(4.89352455891786e-03f));
        var q = TLanes.Create(1.19825839466702e-06f);
        q = TLanes.MultiplyAdd(q, s, TLanes.Create(1.18534705686654e-04f));
        q = TLanes.MultiplyAdd(q, s, TLanes.Create(2.26843463243900e-03f));
        q = TLanes.MultiplyAdd(q, s, TLanes.Create(4.89352518554385e-03f));
        return p * x / q;
    }

    /// <summary>The error function to 1.5e-7 (Abramowitz and Stegun 7.1.26), of a number of either sign.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Erf<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>
    {
        var (zero, one) = (TLanes.Create(0), TLanes.Create(1));
        x = TLanes.Min(TLanes.Create(10), TLanes.Max(TLanes.Create(-10), x));   // beyond, it is 1; infinity is no number to divide
        var size = TLanes.Max(zero - x, x);
        var t = one / TLanes.MultiplyAdd(TLanes.Create(0.3275911f), size, one);
        var p = TLanes.MultiplyAdd(TLanes.Create(1.061405429f), t, TLanes.Create(-1.453152027f));
        p = TLanes.MultiplyAdd(p, t, TLanes.Create(1.421413741f));
        p = TLanes.MultiplyAdd(p, t, TLanes.Create(-0.284496736f));
        p = TLanes.MultiplyAdd(p, t, TLanes.Create(0.254829592f)) * t;
        var value = one - (p * Exp(zero - (size * size)));

        // The sign of x: x / |x|, with a number so small for 0 that it changes no other.
        return value * (x / TLanes.Max(size, TLanes.Create(1e-30f)));
    }

    /// <summary>The error function to double precision: its Taylor series below 3, its continued fraction above.</summary>
    public static double Erf(double x)
    {
        var size = Math.Abs(x);
        if (double.IsNaN(x)) return x;
        if (size > 6) return Math.Sign(x);
        if (size < 3)
        {
            var (sum, term) = (x, x);
            for (var n = 1; Math.Abs(term) > 1e-18 * Math.Abs(sum); n++)
            {
                term *= -x * x / n;
                sum += term / ((2 * n) + 1);
            }

            return 2 / Math.Sqrt(Math.PI) * sum;
        }

        var fraction = 0.0;
        for (var n = 60; n > 0; n--) fraction = n / 2.0 / (size + fraction);
        return Math.Sign(x) * (1 - (Math.Exp(-size * size) / (Math.Sqrt(Math.PI) * (size + fraction))));
    }

    /// <summary>
    /// ln(1 + e to the x) = max(x, 0) + ln(1 + z) with z = e to the -|x|, and ln(1 + z) = 2 artanh(z / (2 + z)), whose argument is at
    /// most a third: nine terms of its series.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Softplus<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>
    {
        var zero = TLanes.Create(0);
        var z = Exp(TLanes.Min(zero - x, x));
        var u = z / (TLanes.Create(2) + z);
        var (s, p) = (u * u, TLanes.Create(2f / 17));
        p = TLanes.MultiplyAdd(p, s, TLanes.Create(2f / 15));
        p = TLanes.MultiplyAdd(p, s, TLanes.Create(2f / 13));
        p = TLanes.MultiplyAdd(p, s, TLanes.Create(2f / 11));
        p = TLanes.MultiplyAdd(p, s, TLanes.Create(2f / 9));
        p = TLanes.MultiplyAdd(p, s, TLanes.Create(2f / 7));
        p = TLanes.MultiplyAdd(p, s, TLanes.Create(2f / 5));
        p = TLanes.MultiplyAdd(p, s, TLanes.Create(2f / 3));
        p = TLanes.MultiplyAdd(p, s, TLanes.Create(2));
        return TLanes.MultiplyAdd(p, u, TLanes.Max(zero, x));
    }
}
