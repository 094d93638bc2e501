using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Kernels.Tests.Ops;

/// <summary>What an indexer chooses against the definition by sorting, over sequences that share a step, in every tier and width.</summary>
public sealed class ChooseKeysTests
{
    const int Dim = 24;

    static readonly (Tier Tier, int VectorBits, int Threads)[] Machines = [(Tier.Reference, 0, 1), (Tier.Portable, 128, 1), (Tier.Portable, 256, 3), (Tier.Portable, 512, 3)];

    [Theory]
    [InlineData(1, 1, KvType.F32)]
    [InlineData(3, 8, KvType.F16)]
    [InlineData(16, 64, KvType.F32)]
    [InlineData(4, 100, KvType.Q8_0)]
    public void Chooses_the_keys_with_the_largest_weighted_sums(int heads, int count, KvType type) => Compare(new(heads, count), weighted: true, type);

    [Theory]
    [InlineData(1, 3, 8, 1)]
    [InlineData(4, 2, 8, 1)]
    [InlineData(2, 5, 16, 2)]
    [InlineData(3, 4, 7, 0)]
    public void Chooses_blocks_by_their_best_key_for_each_head(int heads, int count, int size, int local)
        => Compare(new(heads, count) { BlockSize = size, LocalBlocks = local }, weighted: false, KvType.F32);

    [Fact]
    public void Chooses_nothing_where_no_row_sees_more_than_it_may()
    {
        using var compute = new Compute(new() { Threads = 1 });
        using var pages = new KvPages(1, new KvEntry(1, Dim, 0), KvType.F32);
        var rows = new RaggedRows();
        rows.Add(8, 0, [0]);
        var (q, w) = (compute.Rent(8, 2 * Dim), compute.Rent(8, 2));
        Assert.Null(ChooseKeys.Forward(q, w, pages, rows, new(2, 8), new()));
        Assert.Null(ChooseKeys.Forward(q, w, pages, rows, new(2, 2) { BlockSize = 4 }, new()));
        Assert.NotNull(ChooseKeys.Forward(q, w, pages, rows, new(2, 7), new()));
    }

    [Fact]
    public void Of_equals_the_first_are_chosen()
    {
        foreach (var (tier, bits, _) in Machines)
        {
            using var compute = new Compute(new() { Tier = tier, MaxVectorBits = bits, Threads = 1 });
            using var pages = new KvPages(1, new KvEntry(1, 1, 0), KvType.F32);
            var rows = new RaggedRows();
            rows.Add(6, 0, [0]);
            var (q, k, w) = (compute.Rent(6, 1), compute.Rent(6, 1), compute.Rent(6, 1));
            float[] keys = [-1, 0, 2, -0f, 2, 2];      // the product of a weight and what is rectified: 0, 0, 2, 0, 2, 2
            for (var row = 0; row < 6; row++) (q.Row(row)[0], k.Row(row)[0], w.Row(row)[0]) = (1, keys[row], 1);
            Attention.Keep(k, default, pages, rows);
            var choice = ChooseKeys.Forward(q, w, pages, rows, new(1, 4), new());
            Assert.Equal([0, 2, 4, 5], choice![5].ToArray());
            choice = ChooseKeys.Forward(q, w, pages, rows, new(1, 2), new());
            Assert.Equal([2, 4], choice![5].ToArray());
            Assert.Equal([0, 2], choice[3].ToArray());
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using var compute = new Compute(new() { Threads = 1 });
        using var pages = new KvPages(1, new KvEntry(1, Dim, 0), KvType.F32);
        using var grouped = new KvPages(1, new KvEntry(2, Dim, 0), KvType.F32);
        var rows = new RaggedRows();
        rows.Add(3, 0, [0]);
        var q = compute.Rent(3, 2 * Dim);
        Assert.Contains("weights is [3, 1]", Assert.Throws<ArgumentException>(() => ChooseKeys.Forward(q, compute.Rent(3, 1), pages, rows, new(2, 1), new())).Message);
        Assert.Contains("one head of keys", Assert.Throws<ArgumentException>(() => ChooseKeys.Forward(q, null, grouped, rows, new(2, 1), new())).Message);
        Assert.Contains("q is [3, 48]", Assert.Throws<ArgumentException>(() => ChooseKeys.Forward(q, null, pages, rows, new(3, 1), new())).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => ChooseKeys.Forward(q, null, pages, rows, new(2, 0), new()));
    }

    /// <summary>Two sequences in steps of many rows and of one, of integers: sums are exact, and ties many.</summary>
    static void Compare(IndexerOptions options, bool weighted, KvType type)
    {
        foreach (var (tier, bits, threads) in Machines)
        {
            using var compute = new Compute(new() { Tier = tier, MaxVectorBits = bits, Threads = threads });
            using var pages = new KvPages(16, new KvEntry(1, Dim, 0), type);
            var (random, keys) = (new Random(7), new List<float[]>[] { [], [] });
            foreach (var tokens in (int[][])[[20, 1], [300, 3], [1, 290], [1, 1]])
            {
                compute.Reset();
                var rows = new RaggedRows();
                for (var s = 0; s < 2; s++) rows.Add(tokens[s], keys[s].Count, [.. Enumerable.Range(0, 8).Select(page => (2 * page) + s)]);
                var (q, k, w) = (compute.Rent(rows.Rows, options.Heads * Dim), compute.Rent(rows.Rows, Dim), compute.Rent(rows.Rows, options.Heads));
                var places = new List<(int Sequence, int Position)>();
                for (var row = 0; row < rows.Rows; row++)
                {
                    var s = row < tokens[0] ? 0 : 1;
                    foreach (ref var x in q.Row(row)) x = random.Next(-3, 4);
                    foreach (ref var x in w.Row(row)) x = random.Next(-2, 5);
                    foreach (ref var x in k.Row(row)) x = type == KvType.Q8_0 ? 127 * random.Next(-1, 2) : random.Next(-2, 3);       // 127: a scale of 1
                    places.Add((s, keys[s].Count));
                    keys[s].Add(k.Row(row).ToArray());
                }

                Attention.Keep(k, default, pages, rows);
                var choice = ChooseKeys.Forward(q, weighted ? w : null, pages, rows, options, new());
                var lists = weighted ? 1 : options.Heads;
                for (var list = 0; choice is not null && list < rows.Rows * lists; list++)
                {
                    var (s, position) = places[list / lists];
                    var scores = Enumerable.Range(0, position + 1).Select(p => weighted
                        ? Enumerable.Range(0, options.Heads).Sum(head => w.Row(list)[head] * Math.Max(0, Dot(q, list, head, keys[s][p])))
                        : Dot(q, list / lists, list % lists, keys[s][p])).ToArray();
                    Assert.Equal(Best(scores, options), choice[list].ToArray());
                }
            }
        }
    }

    static int[] Best(double[] scores, IndexerOptions options)
    {
        var blocks = scores.Chunk(options.BlockSize).Select(block => block.Max()).ToArray();
        for (var local = 0; local < Math.Min(options.LocalBlocks, blocks.Length); local++) blocks[^(local + 1)] = double.PositiveInfinity;
        return [.. blocks.Index().OrderByDescending(block => block.Item).Take(options.Count).Select(block => block.Index).Order()
            .SelectMany(block => Enumerable.Range(block * options.BlockSize, options.BlockSize)).Where(p => p < scores.Length)];
    }

    static double Dot(Tensor q, int row, int head, float[] key) => Enumerable.Range(0, Dim).Sum(d => (double)q.Row(row)[(head * Dim) + d] * key[d]);
}
