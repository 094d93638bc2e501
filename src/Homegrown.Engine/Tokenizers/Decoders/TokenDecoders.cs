using System.Text;
using Homegrown.Engine.Tokenizers.Regexes;

namespace Homegrown.Engine.Tokenizers.Decoders;

/// <summary>A decoder that changes each token by itself.</summary>
/// <param name="change">Takes a token, whether it is the first of its sequence; null leaves it out.</param>
sealed class TokenChange(Func<string, bool, string?> change) : TextDecoder
{
    public override DecoderStep Start(DecoderStep next, DecoderStart start) => new Step(next, change, start.AtStart);

    sealed class Step(DecoderStep next, Func<string, bool, string?> change, bool first) : WholeTokenStep(next)
    {
        bool first = first;

        protected override void TakeToken(string token)
        {
            if (change(token, first) is { } changed) Give(changed);
            first = false;
        }
    }
}

/// <summary>The decoders that are functions of a token.</summary>
static class TokenDecoders
{
    /// <summary>Metaspace: spaces for the marks, none for those of the first token where encoding puts one there.</summary>
    public static TextDecoder Metaspace(char mark, bool dropsFirst) => new TokenChange((token, first) =>
        first && dropsFirst ? token.Replace(mark.ToString(), "", StringComparison.Ordinal) : token.Replace(mark, ' '));

    /// <summary>WordPiece: a space before each token but the first and those that continue a word.</summary>
    /// <param name="cleanup">As <see cref="CleanUp"/>, token by token.</param>
    public static TextDecoder WordPiece(string prefix, bool cleanup) => new TokenChange((token, first) =>
    {
        if (!first) token = token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
        return cleanup ? CleanUp(token) : token;
    });

    /// <summary>Replace: other text for each match in a token.</summary>
    public static TextDecoder Replace(PatternFinder pattern, string content) => new TokenChange((token, _) =>
    {
        var matches = new List<Match>();
        pattern.Find(token, matches);
        if (matches.Count == 0) return token;
        var text = new StringBuilder();
        var at = 0;
        foreach (var match in matches)
        {
            text.Append(token, at, match.Start - at).Append(content);
            at = match.End;
        }
        return text.Append(token, at, token.Length - at).ToString();
    });

    /// <summary>No spaces before signs and English contractions.</summary>
    public static string CleanUp(string text) => text.Contains(' ')
        ? text.Replace(" .", ".").Replace(" ?", "?").Replace(" !", "!").Replace(" ,", ",").Replace(" ' ", "'").Replace(" n't", "n't")
            .Replace(" 'm", "'m").Replace(" do not", " don't").Replace(" 's", "'s").Replace(" 've", "'ve").Replace(" 're", "'re")
        : text;
}
