namespace Homegrown.Engine.Formats;

/// <summary>What was perhaps meant by a name that is not there.</summary>
static class Nearest
{
    const int LeastLetters = 4;

    /// <summary>
    /// Of the names that begin alike, and go on alike for four letters after the last dot of that beginning, the one that does so longest,
    /// and of these the shortest; or null.
    /// </summary>
    public static string? To(string name, IEnumerable<string> known)
        => known.Where(one => Letters(name, Common(one, name)) >= LeastLetters).MaxBy(one => (Common(one, name) * 1000) - one.Length);

    /// <summary>"; the nearest there is 'name'", or nothing.</summary>
    public static string Hint(string name, IEnumerable<string> known) => To(name, known) is { } nearest ? $"; the nearest there is '{nearest}'" : "";

    static int Common(string a, string b) => a.Zip(b).TakeWhile(pair => pair.First == pair.Second).Count();

    static int Letters(string name, int common) => common - 1 - name.AsSpan(0, common).LastIndexOf('.');
}
