using Homegrown.Cli.Interactive;
using Spectre.Console.Testing;

namespace Homegrown.Cli.Tests.Interactive;

public sealed class LineEditorTests
{
    readonly TestConsole console = new TestConsole().Width(20).EmitAnsiSequences();

    [Fact]
    public async Task Typed_text_is_edited_where_the_cursor_is()
    {
        console.Input.Type("Helo");
        Push(ConsoleKey.LeftArrow);
        console.Input.Type("l");
        Push(ConsoleKey.End);
        console.Input.Type("!\r");
        Assert.Equal("Hello!", await Read(new LineEditor(console)));
    }

    [Fact]
    public async Task Up_and_down_recall_the_lines_before_and_the_draft()
    {
        var editor = new LineEditor(console);
        console.Input.Type("one\rtwo\r");
        await Read(editor);
        await Read(editor);
        console.Input.Type("dra");
        Push(ConsoleKey.UpArrow, ConsoleKey.UpArrow, ConsoleKey.UpArrow, ConsoleKey.DownArrow, ConsoleKey.DownArrow);
        console.Input.Type("ft\r");
        Assert.Equal("draft", await Read(editor));
        Push(ConsoleKey.UpArrow, ConsoleKey.UpArrow);
        console.Input.Type("\r");
        Assert.Equal("two", await Read(editor));
    }

    [Fact]
    public async Task Control_D_ends_an_empty_line_only()
    {
        console.Input.Type("x");
        Push(ConsoleKey.Home);
        Control(ConsoleKey.D);
        Control(ConsoleKey.D);
        Assert.Null(await Read(new LineEditor(console)));
    }

    [Fact]
    public async Task A_line_that_wraps_is_drawn_from_its_first_row()
    {
        console.Input.Type(new string('a', 25) + "北"); // 2 cells of prompt, 25 and 2 of text: two rows of 20
        Push(ConsoleKey.LeftArrow);
        console.Input.Type("x\r");
        Assert.Equal(new string('a', 25) + "x北", await Read(new LineEditor(console)));
        Assert.Contains("\e[1A\r\e[J> aaa", console.Output);
        Assert.DoesNotContain("\e[2A", console.Output);
    }

    [Fact]
    public async Task What_is_typed_at_the_end_is_written_once()
    {
        console.Input.Type("abc\r");
        await Read(new LineEditor(console));
        Assert.Equal("\r\e[J>  \r\e[2Ca \r\e[3Cb \r\e[4Cc \r\e[5C \r\e[5C\n", console.Output);
    }

    [Fact]
    public async Task A_closed_terminal_is_the_end()
    {
        console.Input.PushKey(default(ConsoleKeyInfo));
        Assert.Null(await Read(new LineEditor(console)));
    }

    [Fact]
    public async Task An_interrupt_throws_the_line_away()
    {
        using var interrupted = new CancellationTokenSource();
        await interrupted.CancelAsync();
        console.Input.Type("x");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new LineEditor(console).ReadAsync("> ", interrupted.Token));
    }

    static Task<string?> Read(LineEditor editor) => editor.ReadAsync("> ", CancellationToken.None);

    void Push(params ConsoleKey[] keys)
    {
        foreach (var key in keys) console.Input.PushKey(key);
    }

    void Control(ConsoleKey key) => console.Input.PushKey(new ConsoleKeyInfo('\0', key, shift: false, alt: false, control: true));
}
