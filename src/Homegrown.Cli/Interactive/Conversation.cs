using System.Text.Json.Nodes;
using Homegrown.Engine.Chat;

namespace Homegrown.Cli.Interactive;

/// <summary>The messages of a chat, and its file form: { "messages": [...] }, what the OpenAI API takes.</summary>
sealed class Conversation
{
    readonly List<ChatMessage> messages = [];

    public Conversation(string? system) => System = system;

    public IReadOnlyList<ChatMessage> Messages => messages;

    /// <summary>The system message at the head of the conversation, or null.</summary>
    public string? System
    {
        get => messages is [{ Role: "system" } first, ..] ? first.Content : null;
        set
        {
            if (System is not null) messages.RemoveAt(0);
            if (value is not null) messages.Insert(0, new ChatMessage { Role = "system", Content = value });
        }
    }

    public void Add(string role, string content) => messages.Add(new ChatMessage { Role = role, Content = content });

    /// <summary>Forgets everything but the system message.</summary>
    public void Reset() => messages.RemoveAll(message => message.Role != "system");

    /// <summary>Takes the last message back if it is of this role.</summary>
    public bool TakeBack(string role)
    {
        if (messages.Count == 0 || messages[^1].Role != role) return false;
        messages.RemoveAt(messages.Count - 1);
        return true;
    }

    public void Save(string path)
        => File.WriteAllText(path, Json.Page(new JsonObject { ["messages"] = new JsonArray([.. messages.Select(MessageJson.Write)]) }) + "\n");

    /// <exception cref="UsageException">Not such a file.</exception>
    public void Load(string path)
    {
        if (Json.ReadObject(path)["messages"] is not JsonArray saved) throw new UsageException($"{path}: messages: expected an array.");
        var loaded = saved.Select((message, index) => MessageJson.Read(message, $"{path}: messages[{index}]")).ToList();
        messages.Clear();
        messages.AddRange(loaded);
    }
}
