using Homegrown.Kernels.Ops;

namespace Homegrown.Kernels.Tests.Ops;

public sealed unsafe class LanesTests
{
    static readonly float[] Values = [.. Enumerable.Range(0, 16 * 20000).Select(i => (i - (16 * 10000)) * 0.00054f)];   // -86 to 86

    [Fact]
    public void Exponentials_are_within_two_units_of_the_last_place()
    {
        var exponentials = Exponentials<Lanes256>(Values);
        for (var i = 0; i < Values.Length; i++)
        {
            var exact = Math.Exp(Values[i]);
            Assert.InRange(Math.Abs(exponentials[i] - exact) / exact, 0, 2.4e-7);
        }
    }

    [Fact]
    public void Exponentials_at_the_ends_are_zero_one_infinity_and_nan()
        => Assert.Equal(
            [1f, 1f, 0f, 0f, 0f, float.PositiveInfinity, float.PositiveInfinity, float.NaN],
            Exponentials<Lanes128>([0f, -0f, float.NegativeInfinity, float.MinValue, -88f, 89f, float.PositiveInfinity, float.NaN]));

    [Fact]
    public void Hyperbolic_tangents_are_within_four_units_of_the_last_place()
    {
        fixed (float* from = Values)
        {
            var result = stackalloc float[Lanes256.Count];
            for (var i = 0; i < Values.Length; i += Lanes256.Count)
            {
                LaneMath.Tanh(Lanes256.Load(from + i)).Store(result);
                for (var lane = 0; lane < Lanes256.Count; lane++)
                {
                    var exact = Math.Tanh(Values[i + lane]);
                    Assert.InRange(Math.Abs(result[lane] - exact), 0, 4.8e-7 * Math.Abs(exact));
                }
            }
        }
    }

    [Fact]
    public void Every_width_gives_the_same_bits()
    {
        Assert.Equal(Exponentials<Lanes128>(Values), Exponentials<Lanes256>(Values));
        Assert.Equal(Exponentials<Lanes128>(Values), Exponentials<Lanes512>(Values));
    }

    [Fact]
    public void Pairs_are_swapped_and_lanes_are_summed_in_every_width()
    {
        Check<Lanes128>();
        Check<Lanes256>();
        Check<Lanes512>();

        static void Check<TLanes>()
            where TLanes : struct, ILanes<TLanes>
        {
            var values = Enumerable.Range(0, TLanes.Count).Select(i => (float)i).ToArray();
            var swapped = new float[TLanes.Count];
            fixed (float* from = values, to = swapped)
            {
                TLanes.SwapPairs(TLanes.Load(from)).Store(to);
                Assert.Equal(values.Sum(), TLanes.Load(from).Sum());
            }

            Assert.Equal(Enumerable.Range(0, TLanes.Count).Select(i => (float)(i ^ 1)), swapped);
        }
    }

    static float[] Exponentials<TLanes>(float[] values)
        where TLanes : struct, ILanes<TLanes>
    {
        var result = new float[values.Length];
        fixed (float* from = values, to = result)
            for (var i = 0; i < values.Length; i += TLanes.Count) LaneMath.Exp(TLanes.Load(from + i)).Store(to + i);
        return result;
    }
}
