using System.Text;

namespace Homegrown.Engine.Tokenizers.Decoders;

/// <summary>
/// A decoder of tokenizer.json: a chain of steps from tokens to text. It is data; <see cref="Start"/> makes the steps that carry the state
/// of one sequence.
/// </summary>
abstract class TextDecoder
{
    /// <summary>The step of a new sequence.</summary>
    /// <param name="next">What takes its tokens.</param>
    /// <param name="start">How the sequence begins and how it is read.</param>
    public abstract DecoderStep Start(DecoderStep next, DecoderStart start);
}

/// <param name="AtStart">The tokens begin a sequence; else they go on with one.</param>
/// <param name="Live">
/// Text is shown as soon as it is likely; else a whole sequence is read to its end, and what comes later may change what came before.
/// </param>
readonly record struct DecoderStart(bool AtStart, bool Live);

/// <summary>One step at work: takes tokens in parts, hands them on changed.</summary>
abstract class DecoderStep
{
    /// <summary>A part of a token. Of a token that comes in one part it is the whole.</summary>
    public abstract void Take(ReadOnlySpan<char> part);

    /// <summary>The token is complete.</summary>
    public abstract void EndToken();

    /// <summary>The sequence is complete.</summary>
    public abstract void EndSequence();
}

/// <summary>The end of a chain: text.</summary>
sealed class TextSink : DecoderStep
{
    readonly StringBuilder text = new();

    public override void Take(ReadOnlySpan<char> part) => text.Append(part);

    public override void EndToken()
    {
    }

    public override void EndSequence()
    {
    }

    /// <summary>What has come since the last call.</summary>
    public string Drain()
    {
        if (text.Length == 0) return "";
        var drained = text.ToString();
        text.Clear();
        return drained;
    }
}

/// <summary>A step that changes tokens one by one, each when it is complete.</summary>
abstract class WholeTokenStep(DecoderStep next) : DecoderStep
{
    readonly StringBuilder parts = new();

    protected DecoderStep Next { get; } = next;

    public override void Take(ReadOnlySpan<char> part) => parts.Append(part);

    public override void EndToken()
    {
        var token = parts.ToString();
        parts.Clear();
        TakeToken(token);
    }

    public override void EndSequence() => Next.EndSequence();

    protected abstract void TakeToken(string token);

    protected void Give(string token)
    {
        Next.Take(token);
        Next.EndToken();
    }
}
