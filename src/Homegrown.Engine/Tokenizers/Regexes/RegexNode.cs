using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Regexes;

/// <summary>A regex as a tree.</summary>
abstract record RegexNode
{
    public static readonly RegexNode Empty = new Sequence([]);

    /// <summary>One character of a set.</summary>
    public sealed record One(CodePoints Set) : RegexNode;

    public sealed record Sequence(IReadOnlyList<RegexNode> Parts) : RegexNode;

    /// <summary>The first that leads to a match.</summary>
    public sealed record Choice(IReadOnlyList<RegexNode> Ways) : RegexNode;

    /// <param name="Most">int.MaxValue for any number.</param>
    /// <param name="Lazy">As few as lead to a match, else as many.</param>
    public sealed record Repeat(RegexNode Body, int Least, int Most, bool Lazy) : RegexNode;

    /// <summary>What follows does, or does not, begin with a match of the body. Takes no text.</summary>
    public sealed record Ahead(RegexNode Body, bool Negative) : RegexNode;

    /// <summary>The character before or after this place is in a set. Takes no text.</summary>
    /// <param name="AtEdge">Whether it holds where there is none.</param>
    public sealed record Beside(CodePoints Set, bool Before, bool AtEdge) : RegexNode;
}
