using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Folders;

/// <summary>Sequences that grow past the length that a model was trained with; shorter and longer ones as wholes are in <see cref="FolderTests"/>.</summary>
public sealed class LongContextTests
{
    const int Trained = 32;

    [Theory]
    [InlineData("phi3")]
    [InlineData("phimoe")]
    [InlineData("minicpm3")]
    public async Task Under_LongRoPE_a_sequence_that_crosses_the_border_is_read_again(string name)
    {
        var folder = Repository.Shared("hf", name);
        using var model = LocalModel.Load(folder, new() { Exact = true });
        var tokens = FolderTests.Tokens(folder, "b").ToList();
        Assert.True(tokens.Count < Trained);
        var request = new GenerationRequest { Prompt = [.. tokens], Sampling = new() { Temperature = 0 }, MaxTokens = 24, IgnoreEnd = true, PromptLogprobs = true, TopLogprobs = 0 };
        var scored = 0;
        await foreach (var piece in model.GenerateAsync(request))
        {
            scored += piece.Prompt?.Count ?? 0;
            if (piece.Token is { } token) tokens.Add(token);
        }

        Assert.Equal(request.Prompt.Count, scored);     // once, not again
        Assert.Equal(request.Prompt.Count + 24, tokens.Count);
        var whole = new int[tokens.Count];              // what follows each position where all positions turn by the long factors
        model.Logits(tokens, (position, row) => whole[position] = row.IndexOf(row.ToArray().Max()));
        Assert.Equal(tokens[(Trained + 1)..], whole[Trained..^1]);
    }
}
