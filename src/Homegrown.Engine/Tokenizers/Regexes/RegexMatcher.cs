namespace Homegrown.Engine.Tokenizers.Regexes;

/// <summary>A part of a text that matches, in UTF-16 units.</summary>
readonly record struct Match(int Start, int End);

/// <summary>
/// Finds all matches of a pattern, the first way that leads to one before the others, as a backtracking engine does, but without
/// backtracking: first from the end of the text to its start it notes at each place which states lead to a match, then it walks forward
/// and takes at each split the first way that is alive (Frisch and Cardelli, Greedy Regular Expression Matching, 2004). So neither a pattern nor a text can
/// make it slow, and looking ahead, however far, costs nothing.
/// </summary>
/// <remarks>
/// The sets of living states are the states of a deterministic automaton that is built as texts need it. One text at a time.
/// </remarks>
sealed class RegexMatcher
{
    /// <summary>Sets of living states that may arise: patterns in use make some hundred.</summary>
    const int MostSets = 1 << 14;

    const int Unknown = -1;

    readonly RegexProgram program;
    readonly CharacterClasses classes;
    readonly int words, befores;                    // of a set of states; classes that a place can have before it
    readonly List<ulong[]> sets = [];               // [sets][words]
    readonly List<bool> begins = [];                // [sets]: a match begins there
    readonly Dictionary<string, int> numbers = [];
    readonly long[] visited;                        // [states]: the walk and the place at which a loop was entered last
    int[] transitions = [];                         // [sets, classes + 1, befores]
    int[] alive = [];                               // [length + 1]: the set of each place
    int walks;

    public RegexMatcher(RegexProgram program)
    {
        this.program = program;
        classes = program.Classes;
        words = (program.States.Length + 63) / 64;
        befores = program.LooksBack ? classes.Count + 1 : 1;
        visited = new long[program.States.Length];
        Number(new ulong[words]);
    }

    /// <summary>Sets that have arisen: what the automaton has cost so far.</summary>
    public int Sets => sets.Count;

    /// <summary>UTF-16 units of a text that fit without growing.</summary>
    public int Capacity => alive.Length;

    /// <summary>Appends the matches in the text, ascending. An empty one does not stand right after another.</summary>
    public void Find(ReadOnlySpan<char> text, List<Match> matches)
    {
        Prepare(text);
        var last = -1;
        for (var at = 0; at <= text.Length;)
        {
            var end = begins[alive[at]] ? Walk(text, at) : Unknown;
            if (end > at || (end == at && end != last))
            {
                matches.Add(new(at, end));
                last = end;
            }
            if (end > at) at = end;
            else if (at == text.Length) return;
            else
            {
                classes.At(text, at, out var length);
                at += length;
            }
        }
    }

    /// <summary>Notes at each place, from the end to the start, what is alive there.</summary>
    void Prepare(ReadOnlySpan<char> text)
    {
        if (alive.Length <= text.Length) alive = new int[Math.Max(text.Length + 1, 256)];
        var edge = classes.Count;
        var here = edge;
        var set = 0;
        for (var at = text.Length; ;)
        {
            var start = at > 1 && char.IsLowSurrogate(text[at - 1]) && char.IsHighSurrogate(text[at - 2]) ? at - 2 : at - 1;
            var before = start >= 0 ? classes.At(text, start, out _) : edge;
            var slot = (((set * (edge + 1)) + here) * befores) + (befores > 1 ? before : 0);
            if (slot >= transitions.Length || transitions[slot] == Unknown) Learn(slot, set, here, before);
            alive[at] = set = transitions[slot];
            if (start < 0) return;
            (at, here) = (start, before);
        }
    }

    void Learn(int slot, int set, int here, int before)
    {
        var next = Step(sets[set], here, before);
        if (slot >= transitions.Length)
        {
            var known = transitions.Length;
            Array.Resize(ref transitions, Math.Max(slot + 1, 2 * known));
            transitions.AsSpan(known).Fill(Unknown);
        }
        transitions[slot] = Number(next);
    }

    /// <summary>The states that lead to a match at a place.</summary>
    /// <param name="after">Those that do after its character.</param>
    ulong[] Step(ulong[] after, int here, int before)
    {
        var now = new ulong[words];
        // Looks ahead are decided before what depends on them. A state's ways come before it, but for loops.
        for (var level = program.Levels - 1; level >= 0; level--)
            for (var changed = true; changed;)
            {
                changed = false;
                for (var state = 0; state < program.States.Length; state++)
                    if (program.States[state].Level == level && !Has(now, state) && Leads(program.States[state], now, after, here, before))
                    {
                        now[state / 64] |= 1UL << (state % 64);
                        changed = true;
                    }
            }
        return now;
    }

    bool Leads(in RegexState state, ulong[] now, ulong[] after, int here, int before) => state.Step switch
    {
        RegexStep.Accept => true,
        RegexStep.Take => Has(after, state.Next) && classes.IsIn(here, state.Set),
        RegexStep.Split => Has(now, state.Next) || Has(now, state.Other),
        RegexStep.Ahead => Has(now, state.Next) && Has(now, state.Other) != state.Flag,
        _ => Has(now, state.Next) && Holds(state, state.Flag ? before : here),
    };

    bool Holds(in RegexState state, int character) => character == classes.Count ? state.AtEdge : classes.IsIn(character, state.Set);

    static bool Has(ulong[] set, int state) => (set[state / 64] >> (state % 64) & 1) != 0;

    int Number(ulong[] set)
    {
        var key = string.Join(' ', set);
        if (numbers.TryGetValue(key, out var number)) return number;
        if (sets.Count == MostSets) throw new NotSupportedException("A regex of this tokenizer makes an automaton of more than 16384 states with this text.");
        numbers.Add(key, number = sets.Count);
        sets.Add(set);
        begins.Add(Has(set, program.Start));
        return number;
    }

    /// <summary>The end of the match that begins at a place where one does.</summary>
    int Walk(ReadOnlySpan<char> text, int at)
    {
        var living = sets[alive[at]];
        walks = walks == int.MaxValue ? 1 : walks + 1;
        for (var index = program.Start; ;)
        {
            ref readonly var state = ref program.States[index];
            switch (state.Step)
            {
                case RegexStep.Accept:
                    return at;
                case RegexStep.Take:
                    at += char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) ? 2 : 1;
                    living = sets[alive[at]];
                    index = state.Next;
                    break;
                case RegexStep.Split:
                    // A loop that came back without taking anything would go on for ever.
                    var visit = ((long)walks << 32) | (uint)at;
                    var again = state.Flag && visited[index] == visit;
                    visited[index] = visit;
                    index = Has(living, state.Next) && !(again && Has(living, state.Other)) ? state.Next : state.Other;
                    break;
                default:
                    index = state.Next;
                    break;
            }
        }
    }
}
