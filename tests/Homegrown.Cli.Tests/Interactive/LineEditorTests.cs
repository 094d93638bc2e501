using Homegrown.Cli.Interactive;
using Spectre.Console.Testing;

namespace Homegrown.Cli.Tests.Interactive;

public sealed class LineEditorTests
{
    readonly TestConsole console = new TestConsole().Width(20).EmitAnsiSequences();

    [Fact]
    public async Task Typed_text_is_edited_where_the_cursor_is()
    {
        console.Input.PushText("helo");
        Push(ConsoleKey.LeftArrow);
        console.Input.PushText("l");
        Push(ConsoleKey.End);
        console.Input.PushText("!\r");
        Assert.Equal("hello!", await Read(new LineEditor(console)));
    }

    [Fact]
    public async Task Up_and_down_recall_the_lines_before_and_the_draft()
    {
        var editor = new LineEditor(console);
        console.Input.PushText("one\rtwo\r");
        await Read(editor);
        await Read(editor);
        console.Input.PushText("dra");
        Push(ConsoleKey.UpArrow, ConsoleKey.UpArrow, ConsoleKey.UpArrow, ConsoleKey.DownArrow, ConsoleKey.DownArrow);
        console.Input.PushText("ft\r");
        Assert.Equal("draft", await Read(editor));
        Push(ConsoleKey.UpArrow, ConsoleKey.UpArrow);
        console.Input.PushText("\r");
        Assert.Equal("two", await Read(editor));
    }

    [Fact]
    public async Task Control_D_ends_an_empty_line_only()
    {
        console.Input.PushText("x");
        Push(ConsoleKey.Home);
        Control(ConsoleKey.D);
        Control(ConsoleKey.D);
        Assert.Null(await Read(new LineEditor(console)));
    }

    [Fact]
    public async Task A_line_that_wraps_is_drawn_from_its_first_row()
    {
        console.Input.PushText(new string('a', 25)); // with 2 cells of prompt and 2 of the last character: two rows of 20
        console.Input.PushKey(new ConsoleKeyInfo('北', 0, shift: false, alt: false, control: false));
        Push(ConsoleKey.Enter);
        Assert.Equal(new string('a', 25) + "北", await Read(new LineEditor(console)));
        Assert.Contains("\e[1A\r\e[J> ", console.Output);
        Assert.DoesNotContain("\e[2A", console.Output);
    }

    [Fact]
    public async Task An_interrupt_throws_the_line_away()
    {
        using var interrupted = new CancellationTokenSource();
        await interrupted.CancelAsync();
        console.Input.PushText("x");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new LineEditor(console).ReadAsync("> ", interrupted.Token));
    }

    static Task<string?> Read(LineEditor editor) => editor.ReadAsync("> ", CancellationToken.None);

    void Push(params ConsoleKey[] keys)
    {
        foreach (var key in keys) console.Input.PushKey(key);
    }

    void Control(ConsoleKey key) => console.Input.PushKey(new ConsoleKeyInfo('\0', key, shift: false, alt: false, control: true));
}
