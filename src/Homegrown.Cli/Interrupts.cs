using System.Runtime.InteropServices;

namespace Homegrown.Cli;

/// <summary>
/// Ctrl-C, in scopes: the first stops what runs in the innermost scope (an answer), the next the one around it (the program).
/// With nothing left to stop, the signal does what it does by default: it ends the process.
/// </summary>
sealed class Interrupts : IDisposable
{
    readonly List<CancellationTokenSource> scopes = [];
    readonly List<PosixSignalRegistration> registrations = [];

    public static Interrupts OfProcess()
    {
        var interrupts = new Interrupts();
        foreach (var signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGINT, PosixSignal.SIGTERM])
            interrupts.registrations.Add(PosixSignalRegistration.Create(signal, context => context.Cancel = interrupts.Raise()));
        return interrupts;
    }

    /// <summary>Opens a scope inside those that are open; disposing it closes it.</summary>
    public Scope Open()
    {
        var source = new CancellationTokenSource();
        lock (scopes) scopes.Add(source);
        return new Scope(this, source);
    }

    /// <returns>False when every open scope was cancelled before.</returns>
    public bool Raise()
    {
        CancellationTokenSource? innermost;
        lock (scopes) innermost = scopes.FindLast(scope => !scope.IsCancellationRequested);
        innermost?.Cancel();
        return innermost is not null;
    }

    public void Dispose() => registrations.ForEach(registration => registration.Dispose());

    public readonly struct Scope(Interrupts owner, CancellationTokenSource source) : IDisposable
    {
        public CancellationToken Token => source.Token;

        // The source is left to the collector: a signal may be about to cancel it.
        public void Dispose()
        {
            lock (owner.scopes) owner.scopes.Remove(source);
        }
    }
}
