namespace Homegrown.Engine.Tokenizers.Folders;

/// <summary>A part of a template: one of the texts, or tokens around them.</summary>
/// <param name="Text">0 or 1, which of the texts; -1 for tokens.</param>
/// <param name="TypeId">What token_type_ids says of it.</param>
readonly record struct TemplatePart(int Text, int[] Tokens, int TypeId)
{
    public static TemplatePart Of(int text, int typeId) => new(text, [], typeId);
}

/// <summary>Which special tokens stand around a text, and around two: what a "post_processor" of tokenizer.json adds.</summary>
sealed record SequenceTemplate(IReadOnlyList<TemplatePart> Single, IReadOnlyList<TemplatePart> Pair)
{
    /// <summary>Nothing is added.</summary>
    public static readonly SequenceTemplate Bare = new([TemplatePart.Of(0, 0)], [TemplatePart.Of(0, 0), TemplatePart.Of(1, 1)]);

    /// <summary>A token before and one after each text, where not null.</summary>
    public static SequenceTemplate Around(int? before, int? after) => new(
        [.. Token(before), TemplatePart.Of(0, 0), .. Token(after)],
        [.. Token(before), TemplatePart.Of(0, 0), .. Token(after), .. Token(before, 1), TemplatePart.Of(1, 1), .. Token(after, 1)]);

    /// <summary>[CLS] A [SEP] B [SEP] (BERT).</summary>
    public static SequenceTemplate Bert(int cls, int separator) => new(
        [.. Token(cls), TemplatePart.Of(0, 0), .. Token(separator)],
        [.. Token(cls), TemplatePart.Of(0, 0), .. Token(separator), TemplatePart.Of(1, 1), .. Token(separator, 1)]);

    /// <summary>&lt;s&gt; A &lt;/s&gt; &lt;/s&gt; B &lt;/s&gt;, all of type 0 (RoBERTa).</summary>
    public static SequenceTemplate Roberta(int cls, int separator) => new(
        [.. Token(cls), TemplatePart.Of(0, 0), .. Token(separator)],
        [.. Token(cls), TemplatePart.Of(0, 0), .. Token(separator), .. Token(separator), TemplatePart.Of(1, 0), .. Token(separator)]);

    static TemplatePart[] Token(int? id, int typeId = 0) => id is { } token ? [new(-1, [token], typeId)] : [];
}
