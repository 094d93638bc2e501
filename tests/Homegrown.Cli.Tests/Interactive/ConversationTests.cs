using Homegrown.Cli.Interactive;

namespace Homegrown.Cli.Tests.Interactive;

public sealed class ConversationTests
{
    [Fact]
    public void A_saved_conversation_loads_as_it_was()
    {
        var path = Path.GetTempFileName();
        try
        {
            var talk = new Conversation("Be brief.");
            talk.Add("user", "北京?\nA \"quote\".");
            talk.Add("assistant", "Yes.");
            talk.Save(path);
            Assert.Contains("北京", File.ReadAllText(path));
            var loaded = new Conversation(null);
            loaded.Load(path);
            Assert.Equal(talk.Messages, loaded.Messages);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void The_system_message_leads_is_replaced_and_survives_a_reset()
    {
        var talk = new Conversation(null);
        talk.Add("user", "hi");
        talk.System = "one";
        talk.System = "two";
        Assert.Equal(["two", "hi"], talk.Messages.Select(message => message.Content));
        talk.Reset();
        Assert.Equal("two", Assert.Single(talk.Messages).Content);
    }

    [Theory]
    [InlineData("""{"messages": 1}""", "messages: expected an array")]
    [InlineData("""{"messages": [{"content": "x"}]}""", "messages[0]: expected an object with a role")]
    [InlineData("""{"messages": [{"role": "user", "content": 5}]}""", "messages[0].content")]
    [InlineData("[]", "expected a JSON object")]
    [InlineData("{\n\"messages\"", "line 2")]
    public void A_file_of_another_shape_is_refused_by_its_field(string json, string said)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, json);
            var talk = new Conversation("kept");
            Assert.Contains(said, Assert.Throws<UsageException>(() => talk.Load(path)).Message);
            Assert.Equal("kept", talk.System);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
