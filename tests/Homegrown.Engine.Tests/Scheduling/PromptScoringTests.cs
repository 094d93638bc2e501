using Homegrown.Engine.Sampling;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Scheduling;

/// <summary>Log probabilities of a prompt, as requests ask for them, against the logits of all positions.</summary>
public sealed class PromptScoringTests : IDisposable
{
    readonly LocalModel model = LocalModel.Load(Repository.Model, new() { ContextLength = 512 });
    readonly List<int> prompt;

    public PromptScoringTests() => prompt = model.Tokenizer.Encode(string.Concat(Enumerable.Repeat("The capital of France is Paris. It lies on the Seine. ", 12)));

    public void Dispose() => model.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task Every_token_but_the_first_has_the_log_probability_that_its_logits_give(int generated)
    {
        var expected = new float[prompt.Count];
        model.Logits(prompt, (position, row) =>
        {
            if (position + 1 < prompt.Count) expected[position + 1] = LogProbabilities.Of(row, prompt[position + 1], []);
        });

        var read = new List<int>();
        var request = new GenerationRequest
        {
            Prompt = prompt,
            Sampling = new() { Temperature = 0 },
            MaxTokens = generated,
            TopLogprobs = 2,
            PromptLogprobs = true,
            PromptRead = read.Add,
        };
        var pieces = await model.GenerateAsync(request, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);
        var scored = pieces[0].Prompt!;
        Assert.Equal(prompt, scored.Select(token => token.Id));
        Assert.Null(scored[0].Logprob);
        for (var i = 1; i < prompt.Count; i++)
        {
            Assert.Equal(expected[i], scored[i].Logprob!.Value, 1e-3f);
            Assert.Equal(2, scored[i].Top.Count);
            Assert.True(scored[i].Top[0].Logprob >= scored[i].Logprob);
        }
        Assert.Equal(generated, pieces.Count(piece => piece.Token is not null));
        Assert.Equal(FinishReason.Length, pieces[^1].Finish);
        Assert.True(prompt.Count > 64);
        Assert.Equal([.. Enumerable.Range(1, prompt.Count / 64).Select(n => 64 * n), prompt.Count], read);
    }

    [Fact]
    public void Scoring_a_prompt_without_log_probabilities_is_refused_by_name() =>
        Assert.Equal("top_logprobs", Assert.Throws<SamplingOptionException>(
            () => model.GenerateAsync(new() { Prompt = prompt, PromptLogprobs = true }, TestContext.Current.CancellationToken)).Parameter);
}
