using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Scheduling;

/// <summary>Many callers of the embedded model at once.</summary>
public sealed class ManyCallersTests
{
    const string Story = "The lighthouse stood at the end of the peninsula, and every evening the keeper climbed its two hundred steps to light the lamp. ";

    [Fact]
    public async Task Each_gets_the_answer_that_it_would_have_got_alone()
    {
        using var model = LocalModel.Load(Repository.Model, new() { Sequences = 8, ContextLength = 1024 });
        var prompts = Enumerable.Range(0, 12).Select(i => Ids(model, string.Concat(Enumerable.Repeat(Story, i % 4)) + $"Question {i}: what happened in the year {1900 + i}?")).ToArray();
        var alone = new List<List<int>>();
        foreach (var prompt in prompts) alone.Add((await AnswerAsync(model, prompt, cache: false)).Ids);
        for (var round = 0; round < 2; round++)
        {
            var together = await Task.WhenAll(prompts.Select(prompt => AnswerAsync(model, prompt, cache: true)));
            for (var i = 0; i < prompts.Length; i++) Assert.Equal(alone[i], together[i].Ids);
            if (round == 1) Assert.All(together.Zip(prompts), answer => Assert.Equal(answer.Second.Count - 1, answer.First.Cached));
        }
    }

    [Fact]
    public async Task Where_memory_is_short_some_are_read_again_and_none_fails()
    {
        using var model = LocalModel.Load(Repository.Model, new() { Sequences = 6, ContextLength = 320, Positions = 640 });
        var prompts = Enumerable.Range(0, 6).Select(i => Ids(model, $"{i}. {Story}{Story}{i}")).ToArray();
        var alone = new List<List<int>>();
        foreach (var prompt in prompts) alone.Add((await AnswerAsync(model, prompt, cache: false, 200)).Ids);
        var together = await Task.WhenAll(prompts.Select(prompt => AnswerAsync(model, prompt, cache: true, 200)));
        for (var i = 0; i < prompts.Length; i++) Assert.Equal(alone[i], together[i].Ids);
    }

    static List<int> Ids(LocalModel model, string text) => model.Tokenizer.Encode(text);

    static async Task<(List<int> Ids, int Cached)> AnswerAsync(LocalModel model, List<int> prompt, bool cache, int tokens = 40)
    {
        var (ids, cached) = (new List<int>(), 0);
        var request = new GenerationRequest { Prompt = prompt, MaxTokens = tokens, IgnoreEnd = true, CachePrompt = cache, Sampling = new() { Temperature = 0 } };
        await foreach (var piece in model.GenerateAsync(request))
        {
            if (piece.Token is { } token) ids.Add(token);
            cached = piece.CachedTokens;
        }

        return (ids, cached);
    }
}
