using System.Globalization;

namespace Homegrown.Cli.Interactive;

/// <summary>A line being typed: text and a cursor that moves by characters as people see them (grapheme clusters).</summary>
sealed class LineBuffer
{
    public string Text { get; private set; } = "";

    /// <summary>UTF-16 units before the cursor.</summary>
    public int Cursor { get; private set; }

    public void Set(string text) => (Text, Cursor) = (text, text.Length);

    public void Insert(string typed)
    {
        Text = Text.Insert(Cursor, typed);
        Cursor += typed.Length;
    }

    public void Left() => Cursor = Before(Cursor);

    public void Right() => Cursor = After(Cursor);

    public void Home() => Cursor = 0;

    public void End() => Cursor = Text.Length;

    public void WordLeft() => Cursor = WordStart();

    public void WordRight()
    {
        while (Cursor < Text.Length && char.IsWhiteSpace(Text[Cursor])) Cursor++;
        while (Cursor < Text.Length && !char.IsWhiteSpace(Text[Cursor])) Cursor++;
    }

    public void Backspace() => Cut(Before(Cursor), Cursor);

    public void Delete() => Cut(Cursor, After(Cursor));

    public void DeleteWord() => Cut(WordStart(), Cursor);

    public void DeleteToStart() => Cut(0, Cursor);

    public void DeleteToEnd() => Cut(Cursor, Text.Length);

    void Cut(int from, int to)
    {
        Text = Text.Remove(from, to - from);
        Cursor = from;
    }

    int WordStart()
    {
        var at = Cursor;
        while (at > 0 && char.IsWhiteSpace(Text[at - 1])) at--;
        while (at > 0 && !char.IsWhiteSpace(Text[at - 1])) at--;
        return at;
    }

    int After(int at) => at == Text.Length ? at : at + StringInfo.GetNextTextElementLength(Text, at);

    int Before(int at)
    {
        var previous = 0;
        for (var next = After(0); next < at; next = After(next)) previous = next;
        return previous;
    }
}
