using System.Text.Json;
using Homegrown.Engine.Sampling;
using Homegrown.Engine.Sampling.Steps;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Sampling;

public class SamplerFixtureTests
{
    const double Tolerance = 1e-6;

    [Fact]
    public void Every_chain_keeps_the_tokens_and_probabilities_of_the_reference() => CheckCases(Repository.Fixture("samplers", "cases.json"));

    [Fact]
    public void Every_chain_of_the_shared_cases_agrees_too() => CheckCases(Repository.Shared("samplers", "cases.json"));

    [Fact]
    public void Steps_with_memory_follow_the_reference_token_by_token() => CheckTrajectories(Repository.Fixture("samplers", "trajectories.json"));

    [Fact]
    public void Steps_with_memory_follow_the_shared_trajectories_too() => CheckTrajectories(Repository.Shared("samplers", "trajectories.json"));

    static void CheckCases(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        Assert.NotEqual(0, document.RootElement.GetArrayLength());
        foreach (var expected in document.RootElement.EnumerateArray())
        {
            var previous = expected.GetProperty("previous").EnumerateArray().Select(id => id.GetInt32()).ToList();
            var steps = expected.GetProperty("chain").EnumerateArray().ToList();
            var prompt = steps.Select(s => s.TryGetProperty("generated_from", out var from) ? from.GetInt32() : previous.Count).DefaultIfEmpty(0).Min();
            var chain = new SamplerChain(steps.Select(StepFrom), seed: 1);
            chain.AcceptPrompt(previous[..prompt]);
            foreach (var token in previous[prompt..]) chain.Accept(token);

            var left = chain.Apply(Row(expected.GetProperty("logits")));
            AssertProbabilities(expected.GetProperty("id").GetString()!, expected.GetProperty("probs"), left);
            Assert.Equal(expected.GetProperty("kept").GetInt32(), left.Count);
        }
    }

    static void CheckTrajectories(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        Assert.NotEqual(0, document.RootElement.GetArrayLength());
        foreach (var trajectory in document.RootElement.EnumerateArray())
        {
            var id = trajectory.GetProperty("id").GetString()!;
            var step = MethodFrom(trajectory);
            var chain = new SamplerChain([step], seed: 1);
            foreach (var expected in trajectory.GetProperty("steps").EnumerateArray())
            {
                AssertProbabilities(id, expected.GetProperty("probs"), chain.Apply(Row(expected.GetProperty("logits"))));
                chain.Accept(expected.GetProperty("pick").GetInt32());
                foreach (var (name, value) in StateOf(step)) Assert.Equal(expected.GetProperty(name).GetDouble(), value, Tolerance);
            }
        }
    }

    static void AssertProbabilities(string id, JsonElement expected, Candidates left)
    {
        var logSum = left.LogSum();
        var actual = new Dictionary<int, double>();
        for (var i = 0; i < left.Count; i++) actual.Add(left.Ids[i], Math.Exp(left.Logits[i] - logSum));
        var probabilities = expected.EnumerateArray().ToDictionary(p => p[0].GetInt32(), p => p[1].GetDouble());
        Assert.True(probabilities.Keys.Order().SequenceEqual(actual.Keys.Order()), $"{id}: kept {string.Join(' ', actual.Keys.Order())}");
        foreach (var (token, p) in probabilities)
            Assert.True(Math.Abs(p - actual[token]) <= Tolerance, $"{id}: token {token} has {actual[token]}, not {p}");
    }

    static float[] Row(JsonElement logits) =>
        [.. logits.EnumerateArray().Select(l => l.ValueKind == JsonValueKind.Null ? float.NegativeInfinity : l.GetSingle())];

    static IEnumerable<(string Name, double Value)> StateOf(SamplerStep step) => step switch
    {
        Mirostat1 mirostat => [("mu", mirostat.Mu)],
        Mirostat2 mirostat => [("mu", mirostat.Mu)],
        AdaptiveP adaptive => [("weighted_sum", adaptive.WeightedSum), ("total_weight", adaptive.TotalWeight)],
        _ => throw new NotSupportedException(step.GetType().Name),
    };

    static SamplerStep MethodFrom(JsonElement trajectory)
    {
        var parameters = trajectory.GetProperty("parameters");
        double Number(string name) => parameters.GetProperty(name).GetDouble();
        return trajectory.GetProperty("method").GetString() switch
        {
            "mirostat_1" => new Mirostat1(Number("tau"), Number("eta"), (int)Number("m")),
            "mirostat_2" => new Mirostat2(Number("tau"), Number("eta")),
            "adaptive_p" => new AdaptiveP(Number("target"), Number("decay")),
            var method => throw new NotSupportedException(method),
        };
    }

    static SamplerStep StepFrom(JsonElement step)
    {
        double Number(string name, double otherwise = double.NaN) =>
            step.TryGetProperty(name, out var value) ? value.GetDouble() : double.IsNaN(otherwise) ? throw new KeyNotFoundException(name) : otherwise;
        int Window() => Math.Max(0, (int)Number("last_n")); // the fixtures follow llama.cpp: below 0 is off
        var minKeep = (int)Number("min_keep", 1);
        return step.GetProperty("name").GetString() switch
        {
            "temperature" => new Temperature(Number("t")),
            "dynamic_temperature" => new DynamicTemperature(Number("t"), Number("range"), Number("exponent")),
            "top_k" => new TopK((int)Number("k")),
            "top_p" => new TopP(Number("p"), minKeep),
            "min_p" => new MinP(Number("p"), minKeep),
            "typical_p" => new TypicalP(Number("p"), minKeep),
            "epsilon_cutoff" => new EpsilonCutoff(Number("epsilon")),
            "eta_cutoff" => new EtaCutoff(Number("epsilon")),
            "top_n_sigma" => new TopNSigma(Number("n")),
            "top_h" => new TopH(Number("h")),
            "penalties" => new Penalties(Number("repeat"), Number("frequency"), Number("presence"), Window()),
            "repetition_penalty" => new Penalties(Number("penalty"), 0, 0, int.MaxValue),
            "frequency_presence" => new Penalties(1, Number("frequency"), Number("presence"), int.MaxValue, generatedOnly: true),
            "logit_bias" => new LogitBias(step.GetProperty("bias").EnumerateArray().ToDictionary(
                b => b[0].GetInt32(), b => b[1].ValueKind == JsonValueKind.Null ? float.NegativeInfinity : b[1].GetSingle())),
            "xtc" => new Xtc(probability: 1, Number("threshold"), minKeep),
            "dry" => new Dry(Number("multiplier"), Number("base"), (int)Number("allowed_length"), Window(),
                step.GetProperty("breakers").EnumerateArray().Select(b => b.EnumerateArray().Select(id => id.GetInt32()).ToList())),
            "no_repeat_ngram" => new NoRepeatNgram((int)Number("size")),
            var name => throw new NotSupportedException(name),
        };
    }
}
