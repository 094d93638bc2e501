using Spectre.Console.Testing;

namespace Homegrown.Cli.Tests;

/// <summary>Keys as a keyboard sends them; the console's own PushText holds Control for capital letters.</summary>
static class Typing
{
    /// <param name="text">A carriage return is the Enter key.</param>
    public static void Type(this TestConsoleInput input, string text)
    {
        foreach (var c in text)
        {
            var key = c == '\r' ? ConsoleKey.Enter : char.IsAsciiLetter(c) ? (ConsoleKey)char.ToUpperInvariant(c) : 0;
            input.PushKey(new ConsoleKeyInfo(c, key, shift: char.IsUpper(c), alt: false, control: false));
        }
    }
}
