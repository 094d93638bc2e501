using Spectre.Console;

namespace Homegrown.Cli;

/// <summary>
/// One line on the error stream for work that takes more than two seconds: what, a bar, the rate and the time left; only how
/// long it has taken where the total is not known. Nothing where no person watches, or where a line cannot be taken back (TERM=dumb).
/// Disposing it wipes the line.
/// </summary>
sealed class ProgressLine : IProgress<int>, IDisposable
{
    const int Cells = 24;
    static readonly ControlCode wipe = new("\r\e[K"); // to the line's beginning, and erase to its end
    static readonly TimeSpan patience = TimeSpan.FromSeconds(2), refresh = TimeSpan.FromMilliseconds(200);

    readonly Terminal terminal;
    readonly string what, unit;
    readonly int total;
    readonly long start;
    readonly ITimer? timer;
    int done;
    bool drawn, closed;

    /// <param name="total">Units of the whole work; 0 when it is not known.</param>
    /// <param name="quiet">Draws nothing: results go to a program (--json).</param>
    public ProgressLine(Terminal terminal, string what, int total = 0, string unit = "", bool quiet = false)
    {
        (this.terminal, this.what, this.total, this.unit) = (terminal, what, total, unit);
        start = terminal.Time.GetTimestamp();
        if (terminal.Notes.Profile.Capabilities.Ansi && !quiet) timer = terminal.Time.CreateTimer(_ => Draw(), null, patience, refresh);
    }

    /// <param name="value">Units done so far.</param>
    public void Report(int value) => Volatile.Write(ref done, value);

    /// <param name="value">Units done since the last word of it.</param>
    public void Add(int value) => Interlocked.Add(ref done, value);

    public void Dispose()
    {
        if (timer is null) return;
        timer.Dispose();
        lock (timer)
        {
            if (drawn && !closed) terminal.Notes.Write(wipe);
            closed = true;
        }
    }

    void Draw()
    {
        lock (timer!)
        {
            if (closed) return;
            drawn = true;
            terminal.Notes.Write(wipe);
            terminal.Notes.MarkupInterpolated(Line(terminal.Time.GetElapsedTime(start)));
        }
    }

    FormattableString Line(TimeSpan elapsed)
    {
        var finished = Volatile.Read(ref done);
        if (total == 0 || finished == 0) return $"{what} {elapsed.TotalSeconds:0} s";
        var share = Math.Min(1, (double)finished / total);
        var full = (int)(share * Cells);
        var rate = finished / elapsed.TotalSeconds;
        return $"{what} [blue]{new string('━', full)}[/]{new string('─', Cells - full)} {share:0%} {rate:0.#} {unit}/s, {(total - finished) / rate:0} s left";
    }
}
