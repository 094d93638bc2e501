using Homegrown.Engine.Sampling;

namespace Homegrown.Engine.Tests.Sampling;

public class SamplingOptionsTests
{
    public static TheoryData<string, SamplingOptions> OutOfRange => new()
    {
        { "temperature", new() { Temperature = -0.1f } },
        { "temperature", new() { Temperature = float.NaN } },
        { "temperature", new() { Temperature = float.PositiveInfinity } },
        { "top_k", new() { TopK = -1 } },
        { "top_p", new() { TopP = 1.01f } },
        { "top_p", new() { TopP = -0.01f } },
        { "top_p", new() { TopP = float.NaN } },
        { "min_p", new() { MinP = 2 } },
        { "typical_p", new() { TypicalP = float.NaN } },
        { "repeat_penalty", new() { RepeatPenalty = 0 } },
        { "frequency_penalty", new() { FrequencyPenalty = float.NegativeInfinity } },
        { "presence_penalty", new() { PresencePenalty = float.NaN } },
        { "repeat_last_n", new() { PenaltyLastN = -2 } },
        { "dry_multiplier", new() { Dry = new() { Multiplier = -1 } } },
        { "dry_base", new() { Dry = new() { Base = 0.9f } } },
        { "dry_allowed_length", new() { Dry = new() { AllowedLength = -1 } } },
        { "dry_penalty_last_n", new() { Dry = new() { LastN = -2 } } },
        { "dry_sequence_breakers", new() { Dry = new() { Breakers = ["\n", ""] } } },
        { "top_n_sigma", new() { TopNSigma = float.NaN } },
        { "xtc_probability", new() { XtcProbability = 1.5f } },
        { "xtc_threshold", new() { XtcThreshold = -1 } },
        { "dynatemp_range", new() { DynamicTemperatureRange = -1 } },
        { "dynatemp_exponent", new() { DynamicTemperatureExponent = 0 } },
        { "mirostat", new() { Mirostat = 3 } },
        { "mirostat_tau", new() { MirostatTau = float.NaN } },
        { "mirostat_eta", new() { MirostatEta = -0.1f } },
        { "adaptive_target", new() { AdaptiveTarget = 1.1f } },
        { "adaptive_decay", new() { AdaptiveDecay = 1 } },
        { "logit_bias", new() { LogitBias = new Dictionary<int, float> { [-1] = 0 } } },
        { "logit_bias", new() { LogitBias = new Dictionary<int, float> { [100] = 0 } } },
        { "logit_bias", new() { LogitBias = new Dictionary<int, float> { [1] = float.NaN } } },
        { "logit_bias", new() { LogitBias = new Dictionary<int, float> { [1] = float.PositiveInfinity } } },
    };

    [Theory, MemberData(nameof(OutOfRange))]
    public void A_parameter_outside_its_range_is_named_in_one_line(string parameter, SamplingOptions options)
    {
        var error = Assert.Throws<SamplingOptionException>(() => new SamplerChain(options, vocabularySize: 100));
        Assert.Equal(parameter, error.Parameter);
        Assert.Contains(parameter, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Defaults_and_the_ends_of_the_ranges_are_valid()
    {
        Assert.Null(Record.Exception(() => new SamplingOptions().Validate()));
        var ends = new SamplingOptions { Temperature = 0, TopP = 0, MinP = 1, TypicalP = 0, PenaltyLastN = -1, TopK = int.MaxValue };
        Assert.Null(Record.Exception(() => ends.Validate()));
    }
}
