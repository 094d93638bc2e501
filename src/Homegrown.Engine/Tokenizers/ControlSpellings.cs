using System.Collections.Frozen;

namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// Control tokens by spelling. GGUF names one end of sequence, turn and message each; models end a generation with more tokens than
/// that, and converters have marked some of them as ordinary text. The list is the one that llama.cpp's users rely on.
/// </summary>
static class ControlSpellings
{
    // No one writes these as ordinary text: a file that calls one normal is wrong.
    static readonly FrozenSet<string> EndsAlways = FrozenSet.Create(
        "<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<|endoftext|>", "<|end_of_text|>", "<|return|>", "<|call|>", "<|calls|>", "<|flush|>",
        "<｜end▁of▁sentence｜>", "<end_of_turn>", "<end_of_utterance>", "<turn|>", "<|tool_response>",
        "<|fim_pad|>", "<|repo_name|>", "<|fim_repo|>", "<|file_sep|>");

    // These can be text (</s> closes a strike-through), so they count only where the file marks them as special.
    static readonly FrozenSet<string> EndsIfMarked = FrozenSet.Create(
        "</s>", "<eos>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "[e~[", "<fim-pad>", "<fim_pad>", "<PAD>", "<fim-repo>", "<REPO>", "<reponame>");

    static readonly FrozenSet<string> FillInTheMiddle = FrozenSet.Create(
        "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>",
        "<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>");

    /// <summary>The kind that a token has by its spelling where the file says <paramref name="kind"/>.</summary>
    public static TokenKind Correct(string piece, TokenKind kind) =>
        EndsAlways.Contains(piece) || FillInTheMiddle.Contains(piece) || (kind == TokenKind.UserDefined && EndsIfMarked.Contains(piece))
            ? TokenKind.Control
            : kind;

    /// <summary>A token that a user must not be able to write, whether or not the file calls it special: DeepSeek's turns are not.</summary>
    public static bool LooksLikeControl(string piece) =>
        piece is ['<', '|', .., '|', '>'] or ['<', '\uFF5C', .., '\uFF5C', '>'] || EndsAlways.Contains(piece) || FillInTheMiddle.Contains(piece);

    /// <summary>The tokens at which a generation ends.</summary>
    /// <param name="find">The id of a spelling.</param>
    /// <param name="isMarked">The file marks the token as special.</param>
    public static HashSet<int> EndOfGeneration(Func<string, int?> find, Func<int, bool> isMarked, params ReadOnlySpan<int?> named)
    {
        var ends = new HashSet<int>();
        foreach (var spelling in EndsAlways)
            if (find(spelling) is { } id) ends.Add(id);
        foreach (var spelling in EndsIfMarked)
            if (find(spelling) is { } id && isMarked(id)) ends.Add(id);

        // Harmony (gpt-oss) and Solar end a message, not the answer, with <|end|>.
        var harmony = find("<|return|>") is not null && find("<|call|>") is not null;
        var solar = find("<|flush|>") is not null && find("<|calls|>") is not null;
        if ((harmony || solar) && find("<|end|>") is { } end) ends.Remove(end);

        foreach (var id in named)
            if (id is { } known) ends.Add(known);
        return ends;
    }
}
