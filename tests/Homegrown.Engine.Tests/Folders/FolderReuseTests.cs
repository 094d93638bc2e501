using Homegrown.Engine.Sampling;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Folders;

/// <summary>Every family, through the engine: beside others, and after texts that begin alike, an answer is what it is alone.</summary>
public sealed class FolderReuseTests
{
    const int Generated = 12;

    public static TheoryData<string> Folders => FolderTests.Folders;

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task An_answer_is_the_same_alone_beside_others_and_after_texts_that_begin_alike(string name)
    {
        var folder = Repository.Shared("hf", name);
        using var model = LocalModel.Load(folder, new() { Exact = true, Sequences = 4, ContextLength = 0 });
        var text = FolderTests.Tokens(folder, "a");
        var longest = Math.Min(400, model.ContextLength - Generated - 1);
        int[] whole = [.. Enumerable.Range(0, longest).Select(i => text[i * 7 % text.Length])];
        int[][] prompts = [whole, whole[..(longest / 2)], [.. whole[..(longest * 2 / 3)], .. text], whole[..^1]];
        prompts = [.. prompts.Where(prompt => prompt.Length <= longest)];

        var alone = new List<(int[] Ids, int Cached)>();
        foreach (var prompt in prompts) alone.Add(await Answer(model, prompt, cache: false));
        var together = await Task.WhenAll(prompts.Select(prompt => Answer(model, prompt, cache: true)));
        var again = await Task.WhenAll(prompts.Reverse().Select(prompt => Answer(model, prompt, cache: true)));
        for (var i = 0; i < prompts.Length; i++)
        {
            Assert.Equal(alone[i].Ids, together[i].Ids);
            Assert.Equal(alone[i].Ids, again[^(i + 1)].Ids);
            Assert.Equal(0, alone[i].Cached);
        }

        Assert.Contains(again, answer => answer.Cached > 0);
    }

    static async Task<(int[] Ids, int Cached)> Answer(LocalModel model, int[] prompt, bool cache)
    {
        var (ids, cached) = (new List<int>(), 0);
        var request = new GenerationRequest { Prompt = prompt, MaxTokens = Generated, IgnoreEnd = true, CachePrompt = cache, Sampling = new SamplingOptions { Temperature = 0 } };
        await foreach (var piece in model.GenerateAsync(request))
        {
            if (piece.Token is { } token) ids.Add(token);
            cached = piece.CachedTokens;
        }

        return ([.. ids], cached);
    }
}
