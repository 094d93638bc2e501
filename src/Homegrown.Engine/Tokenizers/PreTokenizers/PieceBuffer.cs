using System.Runtime.InteropServices;
using Homegrown.Engine.Tokenizers.Regexes;
using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.PreTokenizers;

/// <summary>The pieces of one text, which the steps of a pre-tokenizer cut and change; reused, so that a text costs no allocation.</summary>
sealed class PieceBuffer
{
    TextBuffer text = new(), changed = new();
    List<Match> pieces = [], cut = [];

    /// <summary>The text begins the sequence.</summary>
    public bool AtStart { get; private set; }

    /// <summary>Characters of a text that fit without growing.</summary>
    public int Capacity => text.Capacity;

    /// <summary>Where the pieces are in <see cref="Text"/>, ascending, none empty.</summary>
    public ReadOnlySpan<Match> Pieces => CollectionsMarshal.AsSpan(pieces);

    public ReadOnlySpan<char> Text => text.Text;

    /// <summary>For matches that a step looks for; its own until it returns.</summary>
    public List<Match> Matches { get; } = [];

    /// <summary>Begins with a text as the only piece.</summary>
    public void Begin(ReadOnlySpan<char> whole, bool atStart)
    {
        text.Clear();
        text.Append(whole);
        pieces.Clear();
        if (!whole.IsEmpty) pieces.Add(new(0, whole.Length));
        AtStart = atStart;
    }

    /// <summary>A piece of what will be the pieces after <see cref="Use"/>; empty ones are left out.</summary>
    public void Add(int start, int end)
    {
        if (end > start) cut.Add(new(start, end));
    }

    /// <summary>The text of what will be the pieces after <see cref="UseChanged"/>.</summary>
    public TextBuffer Changed => changed;

    /// <summary>Takes the pieces that were added, of the same text.</summary>
    public void Use()
    {
        (pieces, cut) = (cut, pieces);
        cut.Clear();
    }

    /// <summary>Takes the pieces that were added, of the changed text.</summary>
    public void UseChanged()
    {
        Use();
        (text, changed) = (changed, text);
        changed.Clear();
    }
}

/// <summary>One step of a pre-tokenizer of tokenizer.json. Safe for many threads.</summary>
abstract class PieceStep
{
    public abstract void Apply(PieceBuffer buffer);
}
