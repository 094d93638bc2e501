using Homegrown.Engine;
using Homegrown.Engine.Chat;
using Spectre.Console;

namespace Homegrown.Cli.Interactive;

/// <summary>Reads messages and /commands until the end of the input; answers go to the output, remarks to the error stream.</summary>
sealed class ChatLoop(ChatSession session, Terminal terminal)
{
    const string Help = """
        /help          this
        /system TEXT   set the system message; without a text, show it
        /regen         answer the last message again
        /reset         forget the conversation, keep the system message
        /save FILE     write the conversation as JSON
        /load FILE     go on with a conversation that was saved
        /stats         tokens and speed
        /exit          leave (as Ctrl-D does)
        A message of many lines: begin and end it with three quotes, or end a line with a backslash.
        Ctrl-C stops an answer; twice leaves.
        """;

    bool failed;

    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        if (terminal.IsInteractive) terminal.Note($"{session.Model.Id}, {session.Model.ContextLength} tokens of context. /help shows what you can do.");
        var editor = terminal.IsInteractive ? new LineEditor(terminal.Console) : null;
        var reader = new MessageReader(prompt => editor is null ? ReadPipedAsync(cancellation) : ReadTypedAsync(editor, prompt, cancellation));
        while (!cancellation.IsCancellationRequested && await reader.ReadAsync() is { } message)
        {
            try
            {
                if (message.StartsWith('/'))
                {
                    if (!await ObeyAsync(message)) break;
                }
                else if (message.Trim().Length > 0) Report(await session.SayAsync(message));
            }
            catch (Exception error) when (error is UsageException or ContextLengthException or TemplateException or IOException or UnauthorizedAccessException)
            {
                failed = true;
                terminal.Error.WriteLine(error is ContextLengthException ? $"{error.Message} Your message was taken back; /reset starts over." : error.Message);
            }
        }
        return cancellation.IsCancellationRequested ? ExitCode.Interrupted : failed && editor is null ? ExitCode.Failure : ExitCode.Ok;
    }

    // A read of a pipe cannot be cancelled: Ctrl-C leaves it behind.
    Task<string?> ReadPipedAsync(CancellationToken cancellation) => Task.Run(terminal.In.ReadLine, cancellation).WaitAsync(cancellation);

    async Task<string?> ReadTypedAsync(LineEditor editor, string prompt, CancellationToken cancellation)
    {
        for (var interrupted = false; ; interrupted = true)
        {
            using var scope = terminal.Interrupts.Open();
            try
            {
                return await editor.ReadAsync(prompt, scope.Token);
            }
            catch (OperationCanceledException)
            {
                terminal.Console.WriteLine();
                if (interrupted) throw new OperationCanceledException(cancellation);
                terminal.Note("Ctrl-C again leaves.");
            }
        }
    }

    /// <returns>False to leave.</returns>
    async Task<bool> ObeyAsync(string message)
    {
        var (command, rest) = message.Split((char[]?)null, 2, StringSplitOptions.TrimEntries) is [var one, var more] ? (one, more) : (message.Trim(), "");
        switch (command)
        {
            case "/exit" or "/quit" or "/bye": return false;
            case "/help": terminal.Note(Help); break;
            case "/reset": session.Conversation.Reset(); break;
            case "/system" when rest.Length == 0: terminal.Note(session.Conversation.System ?? "There is none; the model's template may add its own."); break;
            case "/system": session.Conversation.System = rest; break;
            case "/save": session.Conversation.Save(FileOf(rest, command)); break;
            case "/load": session.Conversation.Load(FileOf(rest, command)); break;
            case "/stats": Statistics(); break;
            case "/regen" when await session.AgainAsync() is { } answer: Report(answer); break;
            case "/regen": terminal.Note("There is no message to answer."); break;
            default: throw new UsageException($"There is no {command}; /help shows what there is.");
        }
        return true;
    }

    static string FileOf(string rest, string command) => rest.Length > 0 ? rest : throw new UsageException($"{command} needs a file name.");

    void Report(Answer answer)
    {
        terminal.Out.WriteLine();
        if (answer.Finish is null) terminal.Note("[stopped]");
        if (answer.Finish == FinishReason.Length)
            terminal.Note(answer.ContextFull
                ? $"[the context of {session.Model.ContextLength} tokens is full: /reset starts over, --ctx makes it longer]"
                : $"[cut after {answer.Ids.Count} tokens, as -n says]");
        if (terminal.IsInteractive)
            terminal.Note($"{answer.Ids.Count} tokens, {answer.DecodeRate:0} tokens/s, first after {answer.FirstToken.TotalMilliseconds:0} ms");
    }

    void Statistics()
    {
        var used = session.CountTokens();
        terminal.Note($"{session.Conversation.Messages.Count} messages, {used} of {session.Model.ContextLength} tokens of context");
        if (session.Last is { } last)
            terminal.Note($"last answer: {last.PromptTokens} prompt tokens at {last.PrefillRate:0}/s, {last.Ids.Count} tokens at {last.DecodeRate:0.0}/s");
    }
}
