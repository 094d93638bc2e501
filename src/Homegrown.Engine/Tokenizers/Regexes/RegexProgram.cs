using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Regexes;

enum RegexStep : byte
{
    /// <summary>The whole pattern, or the body of a look ahead, has matched.</summary>
    Accept,

    /// <summary>Takes a character of a set.</summary>
    Take,

    /// <summary>First one way; the other where that leads to no match.</summary>
    Split,

    /// <summary>Goes on if the other state's match begins here, or does not.</summary>
    Ahead,

    /// <summary>Goes on if the character before or after is in a set.</summary>
    Beside,
}

/// <param name="Next">Where it goes on.</param>
/// <param name="Other">The second way of a split; the body of a look ahead.</param>
/// <param name="Set">Number of the set of <see cref="RegexStep.Take"/> and <see cref="RegexStep.Beside"/>.</param>
/// <param name="Flag">Ahead: negative. Beside: before instead of after. Split: a loop whose body may be empty.</param>
/// <param name="AtEdge">Beside: holds where there is no character.</param>
/// <param name="Level">How many looks ahead it is inside of.</param>
readonly record struct RegexState(RegexStep Step, int Next, int Other, int Set, bool Flag, bool AtEdge, int Level);

/// <summary>A regex as a nondeterministic automaton (Thompson 1968): states, and the classes of characters that its sets tell apart.</summary>
sealed class RegexProgram
{
    /// <summary>States of a pattern; those in use have some hundred.</summary>
    const int MostStates = 4000;

    readonly List<RegexState> states = [];
    readonly List<CodePoints> sets = [];
    readonly string pattern;
    int level;

    /// <exception cref="RegexSyntaxException">The pattern is broken, not supported, or too large.</exception>
    public RegexProgram(string pattern)
    {
        this.pattern = pattern;
        var accept = Add(new(RegexStep.Accept, 0, 0, 0, false, false, 0));
        Start = Compile(RegexParser.Parse(pattern), accept);
        States = [.. states];
        Levels = states.Max(state => state.Level) + 1;
        LooksBack = states.Exists(state => state is { Step: RegexStep.Beside, Flag: true });
        Classes = new CharacterClasses(pattern, sets);
    }

    public RegexState[] States { get; }

    public int Start { get; }

    /// <summary>Levels of look ahead, 1 where there is none.</summary>
    public int Levels { get; }

    /// <summary>What matches depends on the character before, too.</summary>
    public bool LooksBack { get; }

    public CharacterClasses Classes { get; }

    /// <summary>The state at which a node begins that is followed by <paramref name="next"/>.</summary>
    int Compile(RegexNode node, int next)
    {
        switch (node)
        {
            case RegexNode.One one:
                return Add(new(RegexStep.Take, next, 0, SetNumber(one.Set), false, false, level));
            case RegexNode.Beside beside:
                return Add(new(RegexStep.Beside, next, 0, SetNumber(beside.Set), beside.Before, beside.AtEdge, level));
            case RegexNode.Sequence sequence:
                for (var i = sequence.Parts.Count - 1; i >= 0; i--) next = Compile(sequence.Parts[i], next);
                return next;
            case RegexNode.Choice choice:
                var way = Compile(choice.Ways[^1], next);
                for (var i = choice.Ways.Count - 2; i >= 0; i--) way = Split(Compile(choice.Ways[i], next), way);
                return way;
            case RegexNode.Ahead ahead:
                level++;
                var body = Compile(ahead.Body, Add(new(RegexStep.Accept, 0, 0, 0, false, false, level)));
                level--;
                return Add(new(RegexStep.Ahead, next, body, 0, ahead.Negative, false, level));
            case RegexNode.Repeat repeat:
                return CompileRepeat(repeat, next);
            default:
                throw new InvalidOperationException($"{node.GetType().Name} is no node.");
        }
    }

    int CompileRepeat(RegexNode.Repeat repeat, int next)
    {
        if (repeat.Most == int.MaxValue)
        {
            var loop = Add(default);
            var body = Compile(repeat.Body, loop);
            states[loop] = new(RegexStep.Split, repeat.Lazy ? next : body, repeat.Lazy ? body : next, 0, Flag: true, false, level);
            next = loop;
        }
        else
        {
            // Each further one is inside of the one before, so that "no more" goes straight to the end.
            var end = next;
            for (var i = repeat.Least; i < repeat.Most; i++)
            {
                var body = Compile(repeat.Body, next);
                next = repeat.Lazy ? Split(end, body) : Split(body, end);
            }
        }
        for (var i = 0; i < repeat.Least; i++) next = Compile(repeat.Body, next);
        return next;
    }

    int Split(int first, int second) => Add(new(RegexStep.Split, first, second, 0, false, false, level));

    int SetNumber(CodePoints set)
    {
        var known = sets.FindIndex(other => other.Bounds.SequenceEqual(set.Bounds));
        if (known >= 0) return known;
        sets.Add(set);
        return sets.Count - 1;
    }

    int Add(RegexState state)
    {
        if (states.Count == MostStates) throw new RegexSyntaxException(pattern, pattern.Length, $"more than {MostStates} states");
        states.Add(state);
        return states.Count - 1;
    }
}
