using Homegrown.Engine.Sampling;
using Homegrown.Engine.Sampling.Steps;

namespace Homegrown.Engine.Tests.Sampling;

public class SamplerChainTests
{
    [Fact]
    public void Temperature_zero_takes_the_first_of_the_largest_logits() =>
        Assert.Equal(1, new SamplerChain(new SamplingOptions { Temperature = 0 }, 5).Sample([1, 7, 3, 7, 7]));

    [Fact]
    public void Temperature_zero_takes_the_first_of_equals_also_after_other_steps()
    {
        var row = Rows.Ties(2000, 1);
        var chain = new SamplerChain([new TopK(50), new Penalties(1, 0, 1, 64), new Temperature(0)], seed: 1);
        chain.AcceptPrompt([Array.IndexOf(row, 4f)]);
        Assert.Equal(Array.IndexOf(row, 4f, Array.IndexOf(row, 4f) + 1), chain.Sample(row));
    }

    [Fact]
    public void Dry_takes_from_what_would_go_on_with_a_repetition_and_breakers_stop_it()
    {
        var options = new SamplingOptions { Dry = new() { Multiplier = 1, Base = 2, AllowedLength = 2 } };
        int[] repeated = [7, 1, 2, 3, 4, 1, 2, 3];
        var chain = new SamplerChain(options, 8);
        chain.AcceptPrompt(repeated);
        var left = chain.Apply(new float[8]);
        Assert.Equal([0, 0, 0, 0, -2, 0, 0, 0], left.Logits.ToArray());        // three repeated: 1 * 2^(3 - 2)
        var off = new SamplerChain(options with { Dry = options.Dry with { LastN = 0 } }, 8);
        off.AcceptPrompt(repeated);
        Assert.All(off.Apply(new float[8]).Logits.ToArray(), logit => Assert.Equal(0, logit));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Mirostat_takes_the_place_of_the_steps_that_cut(int version)
    {
        var row = Rows.Model(1000, 9, spread: 4);
        var options = new SamplingOptions { Seed = 5, TopK = 1, Mirostat = version, MirostatTau = 6 };
        Assert.True(Draws(options, row, 50).Distinct().Count() > 1);
        Assert.Equal(Draws(options, row, 50), Draws(options with { TopK = 0, MinP = 0.9f }, row, 50));
    }

    [Fact]
    public void Xtc_drops_the_best_as_often_as_it_is_told_to()
    {
        float[] row = [3, 3, 3, -20];
        var always = Draws(new SamplingOptions { Seed = 5, XtcProbability = 1 }, row, 100);
        Assert.Single(always.Distinct());
        var half = Draws(new SamplingOptions { Seed = 5, XtcProbability = 0.5f }, row, 2000);
        Assert.InRange(half.Count(id => id != always[0]), 600, 740);           // two thirds of one half
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_logit_that_is_no_number_is_an_error_that_names_the_token(float bad)
    {
        var error = Assert.Throws<SamplingException>(() => new SamplerChain(new SamplingOptions { Temperature = 0 }, 3).Sample([1, 2, bad]));
        Assert.Contains("token 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_of_minus_infinities_and_an_empty_row_are_errors()
    {
        var chain = new SamplerChain(new SamplingOptions(), 2);
        Assert.Throws<SamplingException>(() => chain.Sample([float.NegativeInfinity, float.NegativeInfinity]));
        Assert.Throws<SamplingException>(() => chain.Sample([]));
    }

    [Fact]
    public void Banning_every_token_is_an_error()
    {
        var bans = new Dictionary<int, float> { [0] = float.NegativeInfinity, [1] = float.NegativeInfinity };
        Assert.Throws<SamplingException>(() => new SamplerChain(new SamplingOptions { LogitBias = bans }, 2).Sample([1, 2]));
    }

    [Fact]
    public void A_step_that_spoils_the_logits_is_an_error_and_not_a_token() =>
        Assert.Throws<SamplingException>(() => new SamplerChain([new Spoil()], 1).Sample([1, 2]));

    [Fact]
    public void Equal_seeds_draw_equal_tokens_and_other_seeds_others()
    {
        var row = Rows.Model(1000, 9, spread: 4);
        var options = new SamplingOptions { Seed = 5, TopP = 0.95f, Temperature = 1.5f };
        Assert.Equal(Draws(options, row, 50), Draws(options, row, 50));
        Assert.NotEqual(Draws(options, row, 50), Draws(options with { Seed = 6 }, row, 50));
        Assert.NotEqual(Draws(options with { Seed = null }, row, 50), Draws(options with { Seed = null }, row, 50));
    }

    [Fact]
    public void The_first_draws_of_a_seed_are_those_of_every_machine() =>
        Assert.Equal([0, 3, 5, 7, 7, 6, 5, 6, 6, 4], Draws(new SamplingOptions { Seed = 42 }, new float[8], 10));

    [Theory]
    [InlineData(1f)]
    [InlineData(0.5f)]
    public void Draws_follow_the_probabilities(float temperature)
    {
        const int Count = 20_000;
        float[] row = [0, 1, 2, 0.5f, float.NegativeInfinity, 1.5f, -1, 0];
        var drawn = Draws(new SamplingOptions { Seed = 1, Temperature = temperature }, row, Count).CountBy(id => id).ToDictionary();
        Assert.False(drawn.ContainsKey(4));
        var sum = row.Sum(l => Math.Exp(l / temperature));
        var chiSquare = row.Select((l, id) => (Id: id, Expected: Count * Math.Exp(l / temperature) / sum)).Where(e => e.Expected > 0)
            .Sum(e => Math.Pow(drawn.GetValueOrDefault(e.Id) - e.Expected, 2) / e.Expected);
        Assert.InRange(chiSquare, 0, 22.46); // 99.9 % of samples of a true source, 6 degrees of freedom
    }

    [Fact]
    public void Draws_over_a_large_vocabulary_reach_its_whole_length_evenly()
    {
        const int Count = 5_000, Bins = 20;
        var drawn = Draws(new SamplingOptions { Seed = 2 }, new float[1501], Count).CountBy(id => id * Bins / 1501).ToDictionary();
        var chiSquare = Enumerable.Range(0, Bins).Sum(b => Math.Pow(drawn.GetValueOrDefault(b) - (Count / Bins), 2) / (Count / Bins));
        Assert.InRange(chiSquare, 0, 43.82); // 99.9 %, 19 degrees of freedom
    }

    [Fact]
    public void Top_p_after_a_temperature_keeps_more_than_before_it()
    {
        var row = Rows.Model(200, 3);
        var before = new SamplerChain([new TopP(0.9), new Temperature(2)], 1).Apply(row).Count;
        var after = new SamplerChain([new Temperature(2), new TopP(0.9)], 1).Apply(row).Count;
        Assert.True(before < after, $"{before} tokens before, {after} after");
    }

    [Fact]
    public void The_options_run_in_the_order_of_llama_cpp()
    {
        var row = Rows.Model(3000, 4);
        var options = new SamplingOptions
        {
            Temperature = 0.8f,
            TopK = 100,
            TopP = 0.9f,
            MinP = 0.02f,
            TypicalP = 0.97f,
            RepeatPenalty = 1.2f,
            FrequencyPenalty = 0.3f,
            PresencePenalty = 0.1f,
            LogitBias = new Dictionary<int, float> { [7] = 11 },
        };
        SamplerStep[] steps =
        [
            new LogitBias(options.LogitBias), new Penalties(1.2f, 0.3f, 0.1f, 64),
            new TopK(100), new TypicalP(0.97f), new TopP(0.9f), new MinP(0.02f), new Temperature(0.8f),
        ];
        var (chain, byHand) = (new SamplerChain(options, row.Length), new SamplerChain(steps, 1));
        chain.AcceptPrompt([7, 8, 7]);
        byHand.AcceptPrompt([7, 8, 7]);
        Assert.Equal(byHand.Apply(row).Ids, chain.Apply(row).Ids);
        Assert.Equal(byHand.Apply(row).Logits, chain.Apply(row).Logits);
    }

    [Fact]
    public void Penalties_forget_what_left_their_window_and_minus_one_forgets_nothing()
    {
        double LogitOf(int token, int lastN)
        {
            var chain = new SamplerChain(new SamplingOptions { PresencePenalty = 1, FrequencyPenalty = 1, PenaltyLastN = lastN }, 8);
            chain.AcceptPrompt([1, 2, 2, 3]);
            chain.Accept(4);
            var left = chain.Apply(new float[8]);
            return left.Logits[left.IndexOf(token)];
        }
        Assert.Equal([0, -2, -2, -2], new[] { 1, 2, 3, 4 }.Select(token => LogitOf(token, 3)));
        Assert.Equal([-2, -3, -2, -2], new[] { 1, 2, 3, 4 }.Select(token => LogitOf(token, -1)));
        Assert.Equal([0, 0, 0, 0], new[] { 1, 2, 3, 4 }.Select(token => LogitOf(token, 0)));
    }

    [Fact]
    public void Xtc_acts_as_often_as_its_probability_says()
    {
        var chain = new SamplerChain([new Xtc(probability: 0.25, threshold: 0.1, seed: 3)], 1);
        Assert.InRange(Enumerable.Range(0, 2000).Count(_ => chain.Apply([1, 1, 1]).Count == 1), 430, 570);
    }

    [Fact]
    public void Steps_of_the_callers_choice_replace_the_parameters()
    {
        var options = new SamplingOptions { Temperature = 0, Steps = () => [new TopK(2)] };
        Assert.Equal(2, new SamplerChain(options, 4).Apply([1, 2, 3, 4]).Count);
    }

    [Fact]
    public void A_step_that_steers_by_the_draw_must_be_last() =>
        Assert.Throws<ArgumentException>(() => new SamplerChain([new Mirostat2(5, 0.1), new TopK(4)], 1));

    [Fact]
    public void Mirostat_brings_the_surprise_of_its_draws_to_the_target()
    {
        var row = Enumerable.Range(1, 5000).Select(rank => -MathF.Log(rank)).ToArray(); // Zipf's law: 8.5 bits of its own
        var chain = new SamplerChain([new Mirostat2(tau: 4, eta: 0.1)], seed: 4);
        var surprise = 0.0;
        for (var i = 0; i < 500; i++)
        {
            var left = chain.Apply(row);
            var (logSum, ids, logits) = (left.LogSum(), left.Ids.ToArray(), left.Logits.ToArray());
            surprise += (logSum - logits[Array.IndexOf(ids, chain.Sample(row))]) / Math.Log(2);
        }
        Assert.Equal(4, surprise / 500, 0.1);
    }

    [Fact]
    public void Chains_may_share_buffers()
    {
        var shared = new Candidates();
        var rows = new[] { Rows.Model(700, 1), Rows.Model(900, 2) };
        var options = new SamplingOptions { Seed = 1, TopP = 0.9f, RepeatPenalty = 1.3f, Temperature = 1.4f };
        var chains = rows.Select(row => new SamplerChain(options, row.Length, shared)).ToArray();
        var drawn = Enumerable.Range(0, 20).Select(_ => chains.Select((chain, i) => chain.Sample(rows[i])).ToArray()).ToArray();
        for (var i = 0; i < rows.Length; i++) Assert.Equal(Draws(options, rows[i], 20), drawn.Select(d => d[i]));
    }

    static int[] Draws(SamplingOptions options, float[] row, int count)
    {
        var chain = new SamplerChain(options, row.Length);
        return [.. Enumerable.Range(0, count).Select(_ => chain.Sample(row))];
    }

    sealed class Spoil : SamplerStep
    {
        public override void Apply(Candidates candidates) => candidates.Set(0, double.NaN);
    }
}
