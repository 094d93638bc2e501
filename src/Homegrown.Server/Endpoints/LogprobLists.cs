using System.Text;
using Homegrown.Engine;
using Homegrown.Engine.Tokenizers;
using Homegrown.Server.Wire;

namespace Homegrown.Server.Endpoints;

/// <summary>Gathers log probabilities in the parallel lists of text completions.</summary>
/// <param name="offset">Characters of the text before the first token.</param>
sealed class LogprobLists(Tokenizer tokenizer, int offset = 0)
{
    readonly List<string> tokens = [];
    readonly List<float?> logprobs = [];
    readonly List<IReadOnlyDictionary<string, float>?> top = [];
    readonly List<int> offsets = [];

    /// <summary>Characters (code points) up to here.</summary>
    public int Offset { get; private set; } = offset;

    public void Add(ChoiceStep step)
    {
        foreach (var piece in step.Logged)
        {
            var text = Add(piece.Token!.Value, piece.Logprob, piece.TopLogprobs);
            offsets.Add(Offset);
            Offset += text.EnumerateRunes().Count();
        }
    }

    /// <summary>Adds the tokens of an echoed prompt. What the tokenizer put before the text (a begin token, a space) takes no place in it.</summary>
    /// <param name="text">As it is echoed.</param>
    public void AddPrompt(IReadOnlyList<PromptToken> prompt, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var (at, counted) = (bytes.Length - prompt.Sum(token => tokenizer.Bytes(token.Id).Length), 0);
        foreach (var token in prompt)
        {
            Add(token.Id, token.Logprob, token.Logprob is null ? null : token.Top);
            for (; counted < at; counted++)
                if ((bytes[counted] & 0xC0) != 0x80) Offset++;       // all bytes of a character but the first are 10xxxxxx
            offsets.Add(Offset);
            at += tokenizer.Bytes(token.Id).Length;
        }
        for (; counted < bytes.Length; counted++)
            if ((bytes[counted] & 0xC0) != 0x80) Offset++;
    }

    public CompletionLogprobs ToReply() => new(tokens, logprobs, top, offsets);

    string Add(int id, float? logprob, IReadOnlyList<TokenLogprob>? others)
    {
        var text = WireNames.Token(tokenizer, id).Text;
        tokens.Add(text);
        logprobs.Add(logprob is { } known ? WireNames.Logprob(known) : null);
        // Two ids may read the same (parts of characters): the more probable stands.
        var best = new Dictionary<string, float>();
        foreach (var other in others ?? []) best.TryAdd(WireNames.Token(tokenizer, other.Id).Text, WireNames.Logprob(other.Logprob));
        top.Add(others is null ? null : best);
        return text;
    }
}
