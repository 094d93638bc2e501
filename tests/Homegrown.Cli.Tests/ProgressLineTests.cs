using Microsoft.Extensions.Time.Testing;
using Spectre.Console.Testing;

namespace Homegrown.Cli.Tests;

public sealed class ProgressLineTests
{
    readonly FakeTimeProvider time = new();

    [Fact]
    public void Quick_work_shows_nothing()
    {
        var terminal = Cli.Typed(new TestConsole(), time);
        using (new ProgressLine(terminal, "loading")) time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.Equal("", terminal.Error.ToString());
    }

    [Fact]
    public void Long_work_shows_a_bar_with_rate_and_time_left_and_wipes_it()
    {
        var terminal = Cli.Typed(new TestConsole(), time);
        using (var progress = new ProgressLine(terminal, "reading", 400, "tokens"))
        {
            progress.Report(100);
            time.Advance(TimeSpan.FromSeconds(2));
        }
        Assert.Equal("\r\e[Kreading \e[94m━━━━━━\e[0m────────────────── 25% 50 tokens/s, 6 s left\r\e[K", terminal.Error.ToString());
    }

    [Fact]
    public void The_bar_moves_with_the_work_five_times_a_second()
    {
        var terminal = Cli.Typed(new TestConsole(), time, ("NO_COLOR", "1"));
        using (var progress = new ProgressLine(terminal, "encoding", 600, "texts"))
        {
            progress.Add(120);
            time.Advance(TimeSpan.FromSeconds(2));
            progress.Add(180);
            time.Advance(TimeSpan.FromSeconds(0.2));
        }
        string[] expected = ["encoding ━━━━──────────────────── 20% 60 texts/s, 8 s left", "encoding ━━━━━━━━━━━━──────────── 50% 136.4 texts/s, 2 s left", ""];
        Assert.Equal(expected, terminal.Error.ToString()!.Split("\r\e[K")[1..]);
    }

    [Fact]
    public void A_terminal_that_cannot_take_a_line_back_shows_none()
    {
        var terminal = Cli.Typed(new TestConsole(), time, ("TERM", "dumb"));
        using (new ProgressLine(terminal, "loading")) time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("", terminal.Error.ToString());
    }

    [Fact]
    public void Work_of_unknown_length_shows_its_time()
    {
        var terminal = Cli.Typed(new TestConsole(), time);
        using (new ProgressLine(terminal, "loading x.gguf")) time.Advance(TimeSpan.FromSeconds(2));
        Assert.StartsWith("\r\e[Kloading x.gguf 2 s", terminal.Error.ToString());
    }

    [Fact]
    public void A_pipe_and_a_program_see_none()
    {
        var piped = Cli.Piped();
        var watched = Cli.Typed(new TestConsole(), time);
        using (new ProgressLine(piped, "loading"))
        using (new ProgressLine(watched, "loading", quiet: true))
            time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("", piped.Error.ToString() + watched.Error);
    }
}
