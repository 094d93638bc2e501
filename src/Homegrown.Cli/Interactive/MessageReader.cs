using System.Text;

namespace Homegrown.Cli.Interactive;

/// <summary>
/// Lines to messages: a backslash at a line's end joins the next line, and """ begins a message of many lines that the next """
/// ends.
/// </summary>
/// <param name="readLine">Gets the prompt to show; null is the end of the input.</param>
sealed class MessageReader(Func<string, Task<string?>> readLine)
{
    const string Fence = "\"\"\"", First = "> ", Next = ". ";

    /// <returns>The message, or null at the end of the input.</returns>
    public async Task<string?> ReadAsync()
    {
        if (await readLine(First) is not { } line) return null;
        return line.TrimStart().StartsWith(Fence, StringComparison.Ordinal) ? await Fenced(line.TrimStart()[Fence.Length..]) : await Joined(line);
    }

    async Task<string> Fenced(string line)
    {
        var text = new StringBuilder();
        while (true)
        {
            var end = line.IndexOf(Fence, StringComparison.Ordinal);
            if (end >= 0) return text.Append(line.AsSpan(0, end)).ToString().Trim('\n');
            text.Append(line).Append('\n');
            if (await readLine(Next) is not { } next) return text.ToString().Trim('\n');
            line = next;
        }
    }

    async Task<string> Joined(string line)
    {
        var text = new StringBuilder();
        while (line.EndsWith('\\'))
        {
            text.Append(line.AsSpan(0, line.Length - 1)).Append('\n');
            if (await readLine(Next) is not { } next) return text.ToString();
            line = next;
        }
        return text.Append(line).ToString();
    }
}
