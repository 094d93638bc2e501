using Homegrown.Cli.Interactive;

namespace Homegrown.Cli.Tests.Interactive;

public sealed class LineBufferTests
{
    [Fact]
    public void The_cursor_moves_over_whole_characters()
    {
        var line = new LineBuffer();
        line.Set("a👩‍👩‍👧e\u0301b"); // a family of three joined faces, and an e with a combining accent
        line.Left();
        line.Left();
        line.Backspace();
        Assert.Equal("ae\u0301b", line.Text);
        line.Delete();
        Assert.Equal("ab", line.Text);
    }

    [Fact]
    public void Words_are_passed_and_deleted_with_the_spaces_beside_them()
    {
        var line = new LineBuffer();
        line.Set("one two  three");
        line.WordLeft();
        Assert.Equal(9, line.Cursor);
        line.DeleteWord();
        Assert.Equal("one three", line.Text);
        line.Home();
        line.WordRight();
        Assert.Equal(3, line.Cursor);
        line.DeleteToEnd();
        Assert.Equal("one", line.Text);
        line.DeleteToStart();
        Assert.Equal("", line.Text);
    }

    [Fact]
    public void At_its_ends_nothing_moves_and_nothing_is_deleted()
    {
        var line = new LineBuffer();
        line.Left();
        line.Right();
        line.WordLeft();
        line.WordRight();
        line.Backspace();
        line.Delete();
        Assert.Equal(("", 0), (line.Text, line.Cursor));
    }
}
