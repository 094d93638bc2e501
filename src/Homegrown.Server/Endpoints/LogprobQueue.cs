using System.Text;
using Homegrown.Engine;
using Homegrown.Engine.Tokenizers;

namespace Homegrown.Server.Endpoints;

/// <summary>
/// Hands out the log probabilities of tokens together with their text. The engine tells a token at once, but its text later
/// where it is half a character or may begin a stop text, and never where it was one; so tokens wait until their bytes are out.
/// </summary>
sealed class LogprobQueue(Tokenizer tokenizer)
{
    readonly Queue<GenerationPiece> waiting = new();
    int credit;                                                                  // bytes of text that are out and not yet matched by tokens

    public IReadOnlyList<GenerationPiece> Take(GenerationPiece piece)
    {
        if (piece.Logprob is not null) waiting.Enqueue(piece);
        credit += Encoding.UTF8.GetByteCount(piece.Text);
        var ready = new List<GenerationPiece>();
        while (waiting.TryPeek(out var first) && Length(first) <= credit)
        {
            credit -= Length(first);
            ready.Add(waiting.Dequeue());
        }
        if (piece.Finish is null) return ready;
        // What remains belongs to the stop text, but for a token of which a part is out. Without a stop text, all was text.
        if (piece.StoppedBy is null) ready.AddRange(waiting);
        else if (credit > 0 && waiting.TryDequeue(out var cut)) ready.Add(cut);
        return ready;
    }

    int Length(GenerationPiece piece) => tokenizer.Kind(piece.Token!.Value) == TokenKind.Control ? 0 : tokenizer.Bytes(piece.Token.Value).Length;
}
