using System.Runtime.InteropServices;

namespace Homegrown.Engine.Sampling.Steps;

/// <summary>
/// "Don't repeat yourself" (p-e-w 2024, as llama.cpp has it): a token that would go on with a repetition of k tokens loses
/// multiplier * base^(k - allowedLength). Only repetitions within the window and after the last breaker count.
/// </summary>
/// <param name="multiplier">0 is off.</param>
/// <param name="growth">The base of the power; below 1 is off.</param>
/// <param name="allowedLength">The shortest repetition that costs.</param>
/// <param name="lastN">Length of the window in tokens; 0 is off.</param>
/// <param name="breakers">Token sequences that a repetition does not cross; a token that is one by itself loses nothing.</param>
public sealed class Dry(double multiplier, double growth, int allowedLength, int lastN, IEnumerable<IReadOnlyList<int>> breakers) : SamplerStep
{
    const double LogOfLargestFloat = 88.7228391; // keeps the power within float32, as in llama.cpp

    readonly TokenHistory window = new(lastN);
    readonly Dictionary<int, int[][]> breakersByHead =
        breakers.Where(b => b.Count > 0).GroupBy(b => b[0], b => b.ToArray()).ToDictionary(g => g.Key, g => g.ToArray());
    readonly Dictionary<int, int> longest = [];
    readonly double largestExponent = growth > 1 ? Math.Floor(LogOfLargestFloat / Math.Log(growth)) : double.PositiveInfinity;
    int[] repeats = [];

    /// <inheritdoc/>
    public override void Accept(int token, bool generated) => window.Add(token);

    /// <inheritdoc/>
    public override void Apply(Candidates candidates)
    {
        if (multiplier == 0 || growth < 1 || window.Count <= allowedLength) return;
        var limit = SinceBreaker();
        if (limit < allowedLength) return;
        FindRepeats();
        longest.Clear();
        for (var back = 1; back < window.Count; back++)
        {
            var length = Math.Min(repeats[back], limit);
            if (length < allowedLength) continue;
            ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(longest, window[back - 1], out _);
            known = Math.Max(known, length);
        }
        foreach (var (token, length) in longest)
        {
            if (IsBreaker(token) || candidates.IndexOf(token) is not (>= 0 and var index)) continue;
            var cost = multiplier * Math.Pow(growth, Math.Min(length - allowedLength, largestExponent));
            candidates.Set(index, candidates.Logits[index] - cost);
        }
    }

    // How many tokens follow the last complete breaker; of those that begin at the same place the longest ends it.
    int SinceBreaker()
    {
        for (var head = 0; head < window.Count; head++)
        {
            if (!breakersByHead.TryGetValue(window[head], out var beginningHere)) continue;
            var found = 0;
            foreach (var breaker in beginningHere)
                if (breaker.Length > found && StandsAt(breaker, head)) found = breaker.Length;
            if (found > 0) return head - (found - 1);
        }
        return window.Count;
    }

    bool IsBreaker(int token) => breakersByHead.TryGetValue(token, out var beginning) && Array.Exists(beginning, b => b.Length == 1);

    bool StandsAt(int[] breaker, int head)
    {
        if (breaker.Length - 1 > head) return false;
        for (var i = 1; i < breaker.Length; i++)
            if (window[head - i] != breaker[i]) return false;
        return true;
    }

    // repeats[back]: how many tokens ending `back` places before the newest equal the tokens ending at the newest. The Z function
    // (Gusfield 1997, section 1.4) of the window read backwards, in linear time: [left, right) is the match that reaches furthest.
    void FindRepeats()
    {
        var count = window.Count;
        if (repeats.Length < count) Array.Resize(ref repeats, Math.Max(count, Math.Min(lastN, 2 * repeats.Length)));
        for (int back = 1, left = 0, right = 0; back < count; back++)
        {
            var length = back < right ? Math.Min(right - back, repeats[back - left]) : 0;
            while (back + length < count && window[length] == window[back + length]) length++;
            repeats[back] = length;
            if (back + length > right) (left, right) = (back, back + length);
        }
    }
}
