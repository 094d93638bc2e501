using Homegrown.Engine.Sampling;
using Homegrown.Engine.Tests.Tokenizers;
using Homegrown.Engine.Tokenizers;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Sampling;

public class SequenceBreakersTests
{
    static readonly Tokenizer Tokenizer = VocabularyFiles.Open(Repository.Model);
    readonly SequenceBreakers breakers = new(Tokenizer);

    [Fact]
    public void Every_token_that_holds_a_breaker_is_one()
    {
        var heads = breakers.Of(DryOptions.UsualBreakers).Select(Assert.Single).ToHashSet();
        for (var id = 0; id < Tokenizer.Count; id++)
            Assert.Equal(Tokenizer.Bytes(id).IndexOfAny("\n:\"*"u8) >= 0, heads.Contains(id));
    }

    [Fact]
    public void A_breaker_of_several_tokens_begins_at_the_end_of_any_token()
    {
        var found = breakers.Of(["\nUser"]).Select(ids => string.Join(' ', ids)).ToList();
        var user = Tokenizer.Plain("User");
        foreach (var head in (string[])["\n", "\n\n"])
            Assert.Contains(string.Join(' ', [.. Tokenizer.Plain(head), .. user]), found);
        Assert.All(breakers.Of(["\nUser"]), ids => Assert.Contains("\nUser", Tokenizer.Decode(ids)));
    }

    [Fact]
    public void A_breaker_that_is_a_single_character_of_many_bytes_is_found_whole() =>
        Assert.All(breakers.Of(["é"]), ids => Assert.Contains("é", Tokenizer.Decode(ids)));
}
