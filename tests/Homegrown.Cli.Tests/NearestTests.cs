namespace Homegrown.Cli.Tests;

public sealed class NearestTests
{
    [Theory]
    [InlineData("sever", "serve")]
    [InlineData("LIST", "list")]
    [InlineData("smollm2", "smollm2-135m")]
    public void A_mistyped_word_finds_the_one_that_was_meant(string typed, string meant)
        => Assert.Equal(meant, Nearest.To(typed, ["chat", "serve", "list", "smollm2-135m"]));

    [Fact]
    public void A_word_like_none_finds_none() => Assert.Null(Nearest.To("quantize", ["chat", "serve", "list"]));
}
