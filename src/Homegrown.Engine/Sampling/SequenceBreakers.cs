using System.Text;
using Homegrown.Engine.Tokenizers;

namespace Homegrown.Engine.Sampling;

/// <summary>
/// Texts that break repetitions, as sequences of tokens. A text may stand inside a token, or begin at the end of one and go on in the
/// next: for each token that can hold its beginning there is a sequence, as llama.cpp has it. Safe for many threads.
/// </summary>
public sealed class SequenceBreakers(Tokenizer tokenizer)
{
    /// <summary>Characters of the longest text; each costs a look at the whole vocabulary.</summary>
    public const int LongestText = 40;

    const int LongestTail = 20; // tokens

    readonly Lazy<IReadOnlyList<IReadOnlyList<int>>> usual = new(() => Find(tokenizer, DryOptions.UsualBreakers));

    /// <summary>The sequences of these texts; those of the usual ones are kept.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Of(IReadOnlyList<string> texts)
        => texts.SequenceEqual(DryOptions.UsualBreakers) ? usual.Value : Find(tokenizer, texts);

    static List<IReadOnlyList<int>> Find(Tokenizer tokenizer, IReadOnlyList<string> texts)
    {
        var sequences = new List<IReadOnlyList<int>>();
        foreach (var text in texts)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            var tails = new List<int>?[bytes.Length];
            for (var id = 0; id < tokenizer.Count; id++)
            {
                var token = tokenizer.Bytes(id);
                if (token.IndexOf(bytes) >= 0) sequences.Add([id]);
                else
                    for (var held = Math.Min(token.Length, bytes.Length - 1); held > 0; held--)
                        if (token.EndsWith(bytes.AsSpan(0, held)) && (tails[held] ??= Tail(tokenizer, bytes.AsSpan(held))) is { Count: > 0 } tail)
                            sequences.Add([id, .. tail]);
            }
        }
        return sequences;
    }

    /// <summary>The tokens of what follows the token that a breaker begins in; none where it begins within a character.</summary>
    static List<int> Tail(Tokenizer tokenizer, ReadOnlySpan<byte> rest)
    {
        var ids = new List<int>();
        if ((rest[0] & 0xC0) == 0x80) return ids;
        tokenizer.Encode(Encoding.UTF8.GetString(rest), ids, parseSpecial: false, atStart: false);
        return ids.Count > LongestTail ? ids[..LongestTail] : ids;
    }
}
