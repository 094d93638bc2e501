using Homegrown.Testing;

namespace Homegrown.Cli.Tests.Commands;

public sealed class TokenizeFolderTests
{
    [Fact]
    public async Task A_folder_is_a_model_too()
    {
        var outcome = await Cli.RunAsync("tokenize", Repository.Fixture("tokenizers", "gpt2"), "<|endoftext|>", "--ids");
        Assert.Equal((0, "1500\n"), (outcome.Code, outcome.Out));
    }
}
