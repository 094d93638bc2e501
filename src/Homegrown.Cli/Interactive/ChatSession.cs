using Homegrown.Engine;
using Homegrown.Engine.Chat;

namespace Homegrown.Cli.Interactive;

/// <summary>A conversation with a model: each turn encodes all of it, streams the answer and keeps both.</summary>
/// <param name="request">A prompt and the number of the attempt at it to a request.</param>
/// <param name="cancellation">Of the program. Where a person types, Ctrl-C ends the answer first.</param>
sealed class ChatSession(
    LocalModel model, Conversation conversation, Terminal terminal, Func<IReadOnlyList<int>, int, GenerationRequest> request, CancellationToken cancellation)
{
    int attempt;

    public Conversation Conversation => conversation;

    public LocalModel Model => model;

    /// <summary>The last answer, or null before the first.</summary>
    public Answer? Last { get; private set; }

    /// <summary>Says something and streams the answer. What does not fit into the context is taken back.</summary>
    /// <exception cref="ContextLengthException">It does not fit.</exception>
    public Task<Answer> SayAsync(string text, bool quiet = false)
    {
        conversation.Add("user", text);
        attempt = 0;
        return AnswerAsync(quiet);
    }

    /// <summary>Answers the last message anew; null where there is none.</summary>
    public async Task<Answer?> AgainAsync()
    {
        conversation.TakeBack("assistant");
        if (conversation.Messages is not [.., { Role: "user" }]) return null;
        attempt++;
        return await AnswerAsync(quiet: false);
    }

    /// <summary>Tokens of the conversation as it stands.</summary>
    public int CountTokens() => conversation.Messages.Count == 0 ? 0 : Encode(addGenerationPrompt: false).Count;

    async Task<Answer> AnswerAsync(bool quiet)
    {
        using Interrupts.Scope? scope = terminal.IsInteractive ? terminal.Interrupts.Open() : null;
        try
        {
            Last = await Answer.StreamAsync(model, request(Encode(addGenerationPrompt: true), attempt), terminal, quiet, scope?.Token ?? cancellation);
        }
        catch
        {
            conversation.TakeBack("user");
            throw;
        }
        conversation.Add("assistant", Last.Text);
        return Last;
    }

    List<int> Encode(bool addGenerationPrompt)
        => model.Encode(new ChatPrompt { Messages = conversation.Messages, AddGenerationPrompt = addGenerationPrompt });
}
