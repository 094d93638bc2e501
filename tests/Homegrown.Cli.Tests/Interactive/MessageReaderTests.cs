using Homegrown.Cli.Interactive;

namespace Homegrown.Cli.Tests.Interactive;

public sealed class MessageReaderTests
{
    [Theory]
    [InlineData("hello", "hello")]
    [InlineData("one\\\ntwo", "one\ntwo")]
    [InlineData("\"\"\"\na\n\nb\n\"\"\"", "a\n\nb")]
    [InlineData("\"\"\"a\nb\"\"\"", "a\nb")]
    [InlineData("\"\"\"one line\"\"\"", "one line")]
    [InlineData("\"\"\"never\nclosed", "never\nclosed")]
    [InlineData("ends here\\", "ends here\n")]
    public async Task Lines_become_a_message(string typed, string message)
    {
        using var lines = new StringReader(typed);
        var reader = new MessageReader(_ => Task.FromResult(lines.ReadLine()));
        Assert.Equal(message, await reader.ReadAsync());
        Assert.Null(await reader.ReadAsync());
    }
}
