using Homegrown.Engine.Cache;

namespace Homegrown.Engine.Scheduling;

/// <summary>A text in the making: its tokens, how many of them are in the cache, and what it holds of that.</summary>
/// <param name="sink">Takes the logits after each step that sampled, and says what comes next.</param>
/// <param name="limit">Most tokens that the sequence may come to have, prompt included.</param>
/// <param name="scored">The sink wants logits of all positions of the prompt.</param>
public sealed class Sequence(IReadOnlyList<int> prompt, int limit, ISequenceSink sink, bool scored = false)
{
    int told;     // positions of the prompt whose logits the sink has

    public int PromptLength { get; } = prompt.Count;

    /// <summary>Prompt, then what was generated.</summary>
    public List<int> Tokens { get; } = WithRoom(prompt, limit);

    /// <summary>Tokens whose keys and values are in the cache; the others are to be run.</summary>
    public int Cached { get; set; }

    /// <summary>It has a place among those that run, and pages for all of its tokens.</summary>
    public bool Running { get; set; }

    /// <summary>Tokens that were in the cache when it began to run.</summary>
    public int Reused { get; set; }

    /// <summary>It begins with what the cache has of its tokens, and leaves there what it reads.</summary>
    public bool Shares { get; init; } = true;

    /// <summary><see cref="Models.Decoder.Variant"/> of its prompt, or of what it has grown to since it was read again.</summary>
    public int Variant { get; set; }

    /// <summary>What it holds of the cache.</summary>
    public KvLease Lease { get; } = new();

    public int Limit { get; } = limit;

    public ISequenceSink Sink { get; } = sink;

    /// <summary>Its next run is of prompt tokens whose logits are all wanted.</summary>
    public bool Scores => scored && told < PromptLength - 1;

    /// <summary>Tells the sink what came after a position, once, even if it was read again.</summary>
    public void Score(int position, ReadOnlySpan<float> logits)
    {
        if (position < told) return;
        Sink.Scored(position, logits);
        told = position + 1;
    }

    // The list does not grow while decoding, up to a size that a long context need not pay for at once.
    static List<int> WithRoom(IReadOnlyList<int> prompt, int limit)
    {
        var tokens = new List<int>(Math.Min(limit, prompt.Count + 4096));
        tokens.AddRange(prompt);
        return tokens;
    }
}

/// <summary>Who a sequence works for: draws its next token and is told its end. Called by the engine's thread.</summary>
public interface ISequenceSink
{
    /// <summary>The caller does not want more: the sequence ends before its next step.</summary>
    bool Cancelled { get; }

    /// <summary>So many tokens of the prompt have been read, after each step that read some; of them so many were in the cache already.</summary>
    void PromptRead(int tokens, int reused)
    {
    }

    /// <summary>What came after a position of the prompt but its last, [vocabulary], where the sequence is scored; in order.</summary>
    void Scored(int position, ReadOnlySpan<float> logits)
    {
    }

    /// <summary>Draws the next token from logits, [vocabulary]; null ends the sequence.</summary>
    int? Next(ReadOnlySpan<float> logits);

    /// <summary>The sequence ended: by the sink's own word, at its limit, cancelled, or with an error. Always called, once.</summary>
    void Ended(Exception? error);
}
