using Homegrown.Kernels.Ops;

namespace Homegrown.Kernels.Tests.Ops;

/// <summary>Every operation of the catalog, in each of its tiers, against its definition: all lengths to 256 and some beyond, in guarded memory.</summary>
public sealed class OpCorpusTests
{
    static readonly int[] Lengths = [.. Enumerable.Range(0, 257), 511, 576, 1536, 4099];

    public static TheoryData<string, Tier> Tiers
    {
        get
        {
            var rows = new TheoryData<string, Tier>();
            foreach (var op in OpCatalog.All)
                foreach (var tier in op.Tiers) rows.Add(op.Name, tier);
            return rows;
        }
    }

    public static TheoryData<string> Names => [.. OpCatalog.All.Select(op => op.Name)];

    [Fact]
    public void Every_operation_of_the_kernels_has_a_row()
        => Assert.Equal(
            typeof(OpCatalog).Assembly.GetExportedTypes()
                .Where(t => t.Namespace == typeof(OpCatalog).Namespace && t.IsAbstract && t.IsSealed).Select(t => t.Name).Order(),
            OpCatalog.All.Select(op => op.Name).Order());

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Is_its_definition_for_every_length(string op, Tier tier)
    {
        using var compute = NewCompute(tier, threads: 1);
        foreach (var length in Lengths) Check(op, compute, length, random => (random.NextSingle() * 4) - 2);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Is_its_definition_on_many_threads(string op, Tier tier)
    {
        using var compute = NewCompute(tier, threads: 3);
        Check(op, compute, 512, random => random.NextSingle() - 0.5f, rows: 200);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Keeps_zeros_tiny_and_undefined_values_where_the_definition_has_them(string op, Tier tier)
    {
        using var compute = NewCompute(tier, threads: 1);
        float[] tiny = [0, -0f, float.Epsilon, -1e-40f, 1e-38f], undefined = [1, 0, 2, float.NaN, -1, 0.5f, -2, 3], endless = [1, -2, float.PositiveInfinity, 3, 0.5f];
        foreach (var length in (int[])[1, 7, 16, 33, 64, 100])
        {
            foreach (var values in (float[][])[tiny, undefined, endless])
                Check(op, compute, length, random => values[random.Next(values.Length)]);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Allocates_nothing_on_the_managed_heap(string op)
    {
        using var compute = NewCompute(Tier.Portable, threads: 2);
        var allocated = 0L;
        for (var i = 0; i < 3; i++) allocated = Run(op, compute, 64, 5, random => random.NextSingle()).Allocated;
        Assert.Equal(0, allocated);
    }

    static Compute NewCompute(Tier tier, int threads) => new(new() { Tier = tier, Threads = threads, Exact = true });

    static OpRun Run(string op, Compute compute, int length, int rows, Func<Random, float> value)
        => OpDefinitions.All[op](compute, length, rows, value);

    /// <summary>
    /// Within 3e-6 of the row's largest value: float sums of a few thousand terms. Infinity and NaN as in the definition.
    /// </summary>
    static void Check(string op, Compute compute, int length, Func<Random, float> value, int rows = 3)
    {
        compute.Reset();
        var run = Run(op, compute, length, rows, value);
        var scale = run.Expected.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        for (var i = 0; i < run.Expected.Length; i++)
        {
            var (expected, actual) = ((float)run.Expected[i], run.Actual[i]);
            var equal = float.IsFinite(expected) ? Math.Abs(run.Expected[i] - actual) <= (3e-6 * scale) + 1e-37 : expected.Equals(actual);
            Assert.True(equal, $"{op} of length {length}, value {i}: {actual:r} is not {expected:r}");
        }
    }
}
