using System.Runtime.InteropServices;

namespace Homegrown.Engine.Tokenizers.Models;

/// <summary>What differs between the tokenizers library's Unigram and sentencepiece's.</summary>
/// <param name="Unknown">What characters without a token become.</param>
/// <param name="UnknownScore">Of each of them.</param>
/// <param name="ByteTokens">[256], where unknown characters become their bytes; null where they stay unknown, neighbours as one.</param>
/// <param name="SinglePrecision">Scores are added as float32, which decides ties.</param>
sealed record UnigramOptions(int Unknown, double UnknownScore, int[]? ByteTokens, bool SinglePrecision);

/// <summary>
/// Unigram (Kudo, arXiv 1804.10959): the tokens whose log probabilities have the largest sum (Viterbi), of equal sums the one found first,
/// from left to right and from short to long.
/// </summary>
/// <param name="scores">By id.</param>
sealed class UnigramModel(PieceTrie pieces, Func<int, double> scores, UnigramOptions options) : PieceModel
{
    const int KeptCapacity = 1 << 18;

    readonly Spare<Scratch> spare = new();

    public override void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        var scratch = spare.Take();
        scratch.Begin(piece.Length);
        var best = scratch.Best;
        for (var at = 0; at < piece.Length;)
        {
            var character = char.IsHighSurrogate(piece[at]) && at + 1 < piece.Length ? 2 : 1;
            var (node, single, here) = (PieceTrie.Root, false, best[at].Score);
            for (var end = at; end < piece.Length && (node = pieces.Next(node, piece[end])) >= 0;)
            {
                end++;
                if (pieces.Token(node) is not (>= 0 and var token)) continue;
                Offer(ref best[end], here + scores(token), at, token);
                single |= end == at + character;
            }
            if (!single) Offer(ref best[at + character], here + options.UnknownScore, at, options.Unknown);
            at += character;
        }
        Collect(piece, scratch, ids);
        if (best.Length <= KeptCapacity) spare.Return(scratch);
    }

    void Offer(ref Node node, double score, int from, int token)
    {
        if (options.SinglePrecision) score = (float)score;
        if (node.Token < 0 || score > node.Score) node = new(score, from, token);
    }

    void Collect(ReadOnlySpan<char> piece, Scratch scratch, List<int> ids)
    {
        var path = scratch.Path;
        for (var end = piece.Length; end > 0; end = scratch.Best[end].From) path.Add(end);
        for (var i = path.Count - 1; i >= 0; i--)
        {
            var node = scratch.Best[path[i]];
            if (node.Token != options.Unknown)
            {
                ids.Add(node.Token);
                continue;
            }
            var last = i;
            while (last > 0 && scratch.Best[path[last - 1]].Token == options.Unknown) last--;
            AddUnknown(piece[node.From..path[last]], ids);
            i = last;
        }
    }

    void AddUnknown(ReadOnlySpan<char> text, List<int> ids)
    {
        if (options.ByteTokens is null)
        {
            ids.Add(options.Unknown);
            return;
        }
        var start = ids.Count;
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
            foreach (var value in utf8[..rune.EncodeToUtf8(utf8)]) ids.Add(options.ByteTokens[value]);
        if (!CollectionsMarshal.AsSpan(ids)[start..].Contains(-1)) return;
        ids.RemoveRange(start, ids.Count - start);
        ids.Add(options.Unknown);
    }

    /// <summary>The best way to a place: its score, where its last token begins, and that token; -1 where none is known.</summary>
    readonly record struct Node(double Score, int From, int Token);

    sealed class Scratch
    {
        public Node[] Best { get; private set; } = [];  // [length + 1]

        public List<int> Path { get; } = [];

        public void Begin(int length)
        {
            if (Best.Length <= length) Best = new Node[Math.Max(length + 1, 256)];
            Best.AsSpan(0, length + 1).Fill(new(0, 0, -1));
            Path.Clear();
        }
    }
}
