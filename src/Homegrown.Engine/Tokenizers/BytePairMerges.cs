namespace Homegrown.Engine.Tokenizers;

/// <summary>A merge list by ids, and the tokens of single bytes.</summary>
sealed class BytePairMerges
{
    readonly int[] byteIds = new int[256]; // -1 where the vocabulary lacks the byte

    public BytePairMerges(Vocabulary vocabulary, VocabularyData data)
    {
        for (var value = 0; value < 256; value++)
            byteIds[value] = vocabulary.TryFindText([ByteAlphabet.Letter((byte)value)], out var id) ? id : -1;

        for (var rank = 0; rank < data.Merges.Count; rank++)
        {
            var merge = data.Merges[rank];
            var space = merge.Length < 2 ? -1 : merge.IndexOf(' ', 1);
            if (space < 0) throw data.Error("merges", $"entry {rank} '{merge}' is not two pieces with a space between");
            // A pair of pieces that are no tokens never arises from tokens, and what is no token cannot be put out: such entries have no
            // effect, as in llama.cpp. Of a pair given twice the better rank counts.
            if (vocabulary.TryFindText(merge.AsSpan(0, space), out var left) && vocabulary.TryFindText(merge.AsSpan(space + 1), out var right)
                && vocabulary.TryFindText(merge.Remove(space, 1), out var token))
                Table.Add(left, right, rank, token);
        }
    }

    public MergeTable Table { get; } = new();

    public int ByteId(byte value) => byteIds[value];
}
