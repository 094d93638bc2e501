using Homegrown.Engine.Sampling;

namespace Homegrown.Engine.Tests.Sampling;

public class TokenHistoryTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(100)]
    [InlineData(int.MaxValue)]
    public void It_remembers_the_last_tokens_newest_first_and_tells_which_it_forgets(int capacity)
    {
        var (history, all) = (new TokenHistory(capacity), new List<int>());
        for (var token = 0; token < 300; token++)
        {
            Assert.Equal(token < capacity ? -1 : token - capacity, history.Add(token));
            all.Insert(0, token);
            Assert.Equal(all.Take(capacity), Enumerable.Range(0, history.Count).Select(back => history[back]));
        }
    }

    [Fact]
    public void With_no_room_each_token_is_forgotten_at_once()
    {
        var history = new TokenHistory(0);
        Assert.Equal(9, history.Add(9));
        Assert.Equal(0, history.Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => history[0]);
    }
}
