using Homegrown.Engine.Sampling;
using Homegrown.Engine.Sampling.Steps;

namespace Homegrown.Engine.Tests.Sampling;

public class CandidatesTests
{
    static readonly Dictionary<string, float[]> All = new()
    {
        ["one token"] = Rows.Model(1, 1),
        ["63 tokens"] = Rows.Model(63, 2),
        ["1000 tokens"] = Rows.Model(1000, 3),
        ["9000 tokens"] = Rows.Model(9000, 4),
        ["ties"] = Rows.Ties(1000, 5),
        ["more ties"] = Rows.Ties(9000, 6),
        ["rising"] = [.. Enumerable.Range(0, 5000).Select(i => i / 10f)],
        ["falling"] = [.. Enumerable.Range(0, 5000).Select(i => i / -10f)],
        ["flat"] = new float[3000],
    };

    public static TheoryData<string> Names => [.. All.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Walking_best_first_gives_the_order_of_a_full_sort(string name)
    {
        var row = All[name];
        var expected = Rows.BestFirst(row);
        var candidates = Loaded(row);
        for (var rank = 0; rank < row.Length; rank++)
        {
            Assert.Equal(row[expected[rank]], candidates.Best(rank));
            Assert.Equal(expected[rank], candidates.Ids[rank]);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Keeping_the_best_keeps_those_of_a_full_sort_in_one_go_or_in_two(string name)
    {
        var row = All[name];
        foreach (var (first, second) in new[] { (1, 1), (40, 7), (70, 40), (400, 90), (2500, 2400) })
        {
            var expected = Rows.BestFirst(row);
            var candidates = Loaded(row);
            _ = candidates.Best(Math.Min(second, row.Length - 1));
            candidates.KeepBest(first);
            Assert.Equal(expected.Take(first).Order(), candidates.Ids.ToArray().Order());
            candidates.KeepBest(second);
            Assert.Equal(expected.Take(second).Order(), candidates.Ids.ToArray().Order());
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Top_p_keeps_the_shortest_best_first_prefix_that_reaches_p(string name)
    {
        var row = All[name];
        var order = Rows.BestFirst(row);
        var all = Loaded(row);
        var logSum = all.LogSum();
        foreach (var p in new[] { 0, 0.1, 0.5, 0.9, 0.999 })
        {
            var candidates = Loaded(row);
            new TopP(p).Apply(candidates);
            Assert.Equal(order.Take(candidates.Count).Order(), candidates.Ids.ToArray().Order());
            var sum = order.Take(candidates.Count).Sum(id => Math.Exp(row[id] - logSum));
            Assert.InRange(sum, p - 1e-9, double.MaxValue);
            Assert.InRange(sum - Math.Exp(row[order[candidates.Count - 1]] - logSum), double.MinValue, Math.Max(p, 1e-12));
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Typical_p_keeps_the_tokens_nearest_to_the_entropy(string name)
    {
        var row = All[name];
        var candidates = Loaded(row);
        var logSum = candidates.LogSum();
        var p = row.Select(l => Math.Exp(l - logSum)).ToArray();
        var entropy = -p.Where(x => x > 0).Sum(x => x * Math.Log(x));
        new TypicalP(0.6).Apply(candidates);
        var kept = candidates.Ids.ToArray().ToHashSet();
        double Distance(int id) => Math.Abs(-Math.Log(p[id]) - entropy);
        var furthestIn = kept.Max(Distance);
        Assert.All(Enumerable.Range(0, row.Length).Where(id => !kept.Contains(id)), id => Assert.InRange(Distance(id), furthestIn - 1e-9, double.MaxValue));
        Assert.InRange(kept.Sum(id => p[id]), 0.6, 1 + 1e-9);
    }

    [Fact]
    public void A_token_is_found_by_id_before_and_after_sorting_and_not_once_it_is_out()
    {
        var row = Rows.Model(500, 7);
        row[20] = float.NegativeInfinity;
        var candidates = Loaded(row);
        Assert.Equal(-1, candidates.IndexOf(20));
        Assert.Equal(-1, candidates.IndexOf(500));
        foreach (var id in new[] { 0, 19, 21, 499 }) Assert.Equal(id, candidates.Ids[candidates.IndexOf(id)]);
        candidates.KeepBest(100);
        var order = Rows.BestFirst(row);
        Assert.Equal(order[99], candidates.Ids[candidates.IndexOf(order[99])]);
        Assert.Equal(-1, candidates.IndexOf(order[100]));
    }

    [Fact]
    public void A_changed_logit_is_seen_by_the_next_sort()
    {
        var candidates = Loaded(Rows.Model(500, 8));
        _ = candidates.Best(3);
        candidates.Set(candidates.IndexOf(123), 1000);
        Assert.Equal(1000, candidates.Best(0));
        Assert.Equal(123, candidates.Ids[0]);
    }

    [Fact]
    public void Log_sum_and_entropy_agree_with_the_definition_for_every_length()
    {
        for (var length = 1; length < 40; length++)
        {
            var candidates = Loaded(Rows.Model(length, (ulong)length));
            var logits = candidates.Logits.ToArray();
            var sum = logits.Sum(Math.Exp);
            Assert.Equal(Math.Log(sum), candidates.LogSum(), 1e-12);
            Assert.Equal(-logits.Sum(l => Math.Exp(l) / sum * Math.Log(Math.Exp(l) / sum)), candidates.Entropy(candidates.LogSum()), 1e-12);
        }
    }

    static Candidates Loaded(float[] row)
    {
        var candidates = new Candidates();
        candidates.Load(row);
        return candidates;
    }
}
