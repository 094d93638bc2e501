using Spectre.Console;
using Spectre.Console.Rendering;

namespace Homegrown.Cli.Interactive;

/// <summary>
/// Reads lines as a person types them: cursor keys, the shell's editing keys, and the lines entered before with up and down.
/// The line may wrap: what is typed at its end is appended, any other key draws it anew from its first row.
/// </summary>
sealed class LineEditor(IAnsiConsole console)
{
    readonly List<string> history = [];
    int row; // of the cursor, counted from the row where the prompt begins
    string? shown; // on the screen, with the cursor at its end; null otherwise

    /// <returns>The line, or null at the end of the input (Ctrl-D on an empty line).</returns>
    /// <exception cref="OperationCanceledException">Ctrl-C.</exception>
    public async Task<string?> ReadAsync(string prompt, CancellationToken cancellation)
    {
        var (line, recalled, draft) = (new LineBuffer(), history.Count, "");
        (row, shown) = (0, null);
        while (true)
        {
            Draw(prompt, line);
            var read = await console.Input.ReadKeyAsync(intercept: true, cancellation);
            cancellation.ThrowIfCancellationRequested();
            // A key of nothing is what the system reads where the terminal was closed, or Ctrl-D came before the first read.
            if (read is not { } key || key == default || (IsControl(key, ConsoleKey.D) && line.Text.Length == 0)) return Finish(prompt, line, null);
            if (key.Key == ConsoleKey.Enter)
            {
                if (line.Text.Length > 0 && (history.Count == 0 || history[^1] != line.Text)) history.Add(line.Text);
                return Finish(prompt, line, line.Text);
            }
            var step = key.Key switch { ConsoleKey.UpArrow => -1, ConsoleKey.DownArrow => 1, _ => 0 };
            if (step == 0) Edit(line, key);
            else if (recalled + step >= 0 && recalled + step <= history.Count)
            {
                if (recalled == history.Count) draft = line.Text;
                recalled += step;
                line.Set(recalled == history.Count ? draft : history[recalled]);
            }
        }
    }

    static bool IsControl(ConsoleKeyInfo key, ConsoleKey letter) => key.Modifiers == ConsoleModifiers.Control && key.Key == letter;

    void Edit(LineBuffer line, ConsoleKeyInfo key)
    {
        switch (key.Modifiers, key.Key)
        {
            case (ConsoleModifiers.Control, ConsoleKey.LeftArrow): line.WordLeft(); break;
            case (ConsoleModifiers.Control, ConsoleKey.RightArrow): line.WordRight(); break;
            case (_, ConsoleKey.LeftArrow) or (ConsoleModifiers.Control, ConsoleKey.B): line.Left(); break;
            case (_, ConsoleKey.RightArrow) or (ConsoleModifiers.Control, ConsoleKey.F): line.Right(); break;
            case (_, ConsoleKey.Home) or (ConsoleModifiers.Control, ConsoleKey.A): line.Home(); break;
            case (_, ConsoleKey.End) or (ConsoleModifiers.Control, ConsoleKey.E): line.End(); break;
            case (ConsoleModifiers.Control, ConsoleKey.W): line.DeleteWord(); break;
            case (_, ConsoleKey.Backspace) or (ConsoleModifiers.Control, ConsoleKey.H): line.Backspace(); break;
            case (_, ConsoleKey.Delete) or (ConsoleModifiers.Control, ConsoleKey.D): line.Delete(); break;
            case (ConsoleModifiers.Control, ConsoleKey.U): line.DeleteToStart(); break;
            case (ConsoleModifiers.Control, ConsoleKey.K): line.DeleteToEnd(); break;
            case (ConsoleModifiers.Control, ConsoleKey.L):
                console.Clear();
                (row, shown) = (0, null);
                break;
            default:
                if (key.KeyChar == '\t' || !char.IsControl(key.KeyChar)) line.Insert(key.KeyChar == '\t' ? " " : key.KeyChar.ToString());
                break;
        }
    }

    string? Finish(string prompt, LineBuffer line, string? result)
    {
        line.End();
        Draw(prompt, line);
        console.WriteLine();
        return result;
    }

    void Draw(string prompt, LineBuffer line)
    {
        var width = Math.Max(2, console.Profile.Width);
        var (text, before) = (prompt + line.Text, prompt + line.Text[..line.Cursor]);
        // The space after the text makes the terminal wrap when the text just fills a row, so that the cursor is where we count it.
        if (shown is not null && text.StartsWith(shown, StringComparison.Ordinal)) console.Write(new ControlCode($"{text[shown.Length..]} "));
        else
        {
            if (row > 0) console.Cursor.MoveUp(row);
            console.Write(new ControlCode($"\r\e[J{text} "));
        }
        var (end, cursor) = (Position(text, width), Position(before, width));
        if (end.Row > cursor.Row) console.Cursor.MoveUp(end.Row - cursor.Row);
        console.Write(new ControlCode(cursor.Column == 0 ? "\r" : $"\r\e[{cursor.Column}C"));
        (row, shown) = (cursor.Row, before == text ? text : null);
    }

    /// <summary>Where the terminal's cursor is after a text; a wide character that does not fit into a row goes to the next.</summary>
    static (int Row, int Column) Position(string text, int width)
    {
        var (row, column) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            var cells = new Segment(rune.ToString()).CellCount();
            if (column + cells > width) (row, column) = (row + 1, 0);
            column += cells;
        }
        return column == width ? (row + 1, 0) : (row, column);
    }
}
