using Homegrown.Engine.Sampling;
using Homegrown.Engine.Sampling.Steps;

namespace Homegrown.Engine.Tests.Sampling;

public class AllocationTests
{
    const int Vocabulary = 150_000;

    static readonly Dictionary<int, float> Bias = new() { [5] = 1, [9] = float.NegativeInfinity };

    public static TheoryData<string> Chains => [.. ByName.Keys];

    static Dictionary<string, Func<SamplerChain>> ByName { get; } = new()
    {
        ["greedy"] = () => new(new SamplingOptions { Temperature = 0 }, Vocabulary),
        ["plain"] = () => new(new SamplingOptions(), Vocabulary),
        ["top-p alone"] = () => new(new SamplingOptions { TopP = 0.95f }, Vocabulary),
        ["all parameters"] = () => new(new SamplingOptions
        {
            Temperature = 0.7f,
            TopK = 200,
            TopP = 0.95f,
            MinP = 0.01f,
            TypicalP = 0.99f,
            RepeatPenalty = 1.1f,
            FrequencyPenalty = 0.1f,
            PresencePenalty = 0.1f,
            PenaltyLastN = 16,
            LogitBias = Bias,
        }, Vocabulary),
        ["typical alone"] = () => new([new TypicalP(0.9)], 1),
        ["DRY, XTC and sigma"] = () => new([new Dry(1, 1.75, 2, 16, [[3], [4, 5]]), new TopNSigma(2), new Xtc(0.5, 0.1), new DynamicTemperature(1, 0.5)], 1),
        ["cutoffs"] = () => new([new EpsilonCutoff(1e-4), new EtaCutoff(1e-3), new TopH(0.7)], 1),
        ["mirostat"] = () => new([new Mirostat1(5, 0.1, 100)], 1),
        ["mirostat 2"] = () => new([new Mirostat2(5, 0.1)], 1),
        ["adaptive-p"] = () => new([new MinP(0.01), new AdaptiveP(0.4, 0.9)], 1),
    };

    [Theory, MemberData(nameof(Chains))]
    public void A_token_allocates_nothing_once_the_buffers_are_there(string name)
    {
        var (chain, row) = (ByName[name](), Rows.Model(Vocabulary, 1));
        for (var i = 0; i < 20; i++) chain.Sample(row);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 3; i++) chain.Sample(row);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Log_probabilities_allocate_nothing()
    {
        var (row, top) = (Rows.Model(Vocabulary, 2), new TokenLogprob[20]);
        LogProbabilities.Of(row, 3, top);
        var before = GC.GetAllocatedBytesForCurrentThread();
        LogProbabilities.Of(row, 3, top);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
