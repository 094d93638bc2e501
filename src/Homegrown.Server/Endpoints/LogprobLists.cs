using System.Text;
using Homegrown.Engine.Tokenizers;
using Homegrown.Server.Wire;

namespace Homegrown.Server.Endpoints;

/// <summary>Gathers log probabilities in the parallel lists of text completions.</summary>
/// <param name="offset">Characters of the text before the first token.</param>
sealed class LogprobLists(Tokenizer tokenizer, int offset = 0)
{
    readonly List<string> tokens = [];
    readonly List<float> logprobs = [];
    readonly List<IReadOnlyDictionary<string, float>> top = [];
    readonly List<int> offsets = [];

    /// <summary>Characters (code points) up to here.</summary>
    public int Offset { get; private set; } = offset;

    public void Add(ChoiceStep step)
    {
        foreach (var piece in step.Logged)
        {
            var text = WireNames.Token(tokenizer, piece.Token!.Value).Text;
            tokens.Add(text);
            logprobs.Add(WireNames.Logprob(piece.Logprob!.Value));
            offsets.Add(Offset);
            Offset += text.EnumerateRunes().Count();
            // Two ids may read the same (parts of characters): the more probable stands.
            var best = new Dictionary<string, float>();
            foreach (var other in piece.TopLogprobs) best.TryAdd(WireNames.Token(tokenizer, other.Id).Text, WireNames.Logprob(other.Logprob));
            top.Add(best);
        }
    }

    public CompletionLogprobs ToReply() => new(tokens, logprobs, top, offsets);
}
