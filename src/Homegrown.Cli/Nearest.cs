namespace Homegrown.Cli;

/// <summary>The known word that a mistyped one probably means.</summary>
static class Nearest
{
    /// <returns>The candidate at the smallest edit distance, or null when half of the word would have to change. A beginning counts as one edit.</returns>
    public static string? To(string word, IEnumerable<string> candidates)
        => candidates
            .Select(candidate => (candidate, distance: Math.Min(Distance(word, candidate), Distance(word, Beginning(candidate, word.Length)) + 1)))
            .Where(known => known.distance <= Math.Max(1, (Math.Min(word.Length, 64) - 1) / 2))
            .OrderBy(known => known.distance)
            .Select(known => known.candidate)
            .FirstOrDefault();

    static string Beginning(string word, int length) => word[..Math.Min(length, word.Length)];

    /// <summary>Insertions, deletions and substitutions from one word to the other (Levenshtein), one row of the table at a time.</summary>
    static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            (var diagonal, row[0]) = (row[0], i);
            for (var j = 1; j <= to.Length; j++)
            {
                var changed = diagonal + (char.ToLowerInvariant(from[i - 1]) == char.ToLowerInvariant(to[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.Length];
    }
}
