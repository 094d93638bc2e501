using System.Text;

namespace Homegrown.Engine.Tokenizers.Models;

/// <summary>How a piece becomes the symbols that <see cref="BytePairModel"/> merges.</summary>
sealed record SymbolOptions
{
    /// <summary>Symbols are bytes, spelled in <see cref="ByteAlphabet"/>; else characters.</summary>
    public bool Bytes { get; init; }

    /// <summary>What characters have no token for; null leaves them out.</summary>
    public int? Unknown { get; init; }

    /// <summary>Neighbouring unknowns are one.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>A character without a token becomes its bytes, &lt;0xHH&gt;.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Stands before every symbol of a piece but the first.</summary>
    public string ContinuingPrefix { get; init; } = "";

    /// <summary>Stands after the last symbol of a piece.</summary>
    public string EndSuffix { get; init; } = "";

    /// <summary>A piece that is a token as a whole is that token.</summary>
    public bool IgnoreMerges { get; init; }
}

/// <summary>BPE (Sennrich et al., arXiv 1508.07909 §3.2) as the tokenizers library has it.</summary>
sealed class BytePairModel(TokenTable tokens, MergeTable merges, SymbolOptions options) : PieceModel
{
    const int KeptCapacity = 1 << 20;

    readonly int[] byteTokens = options.Bytes
        ? [.. Enumerable.Range(0, 256).Select(value => tokens.FindText([ByteAlphabet.Letter((byte)value)]))]
        : tokens.ByteTokens();

    Scratch? idle;

    public override void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        var scratch = Interlocked.Exchange(ref idle, null) ?? new Scratch(merges);
        if (options.IgnoreMerges && Whole(piece, scratch) is >= 0 and var whole) ids.Add(whole);
        else
        {
            scratch.Count = 0;
            scratch.Unknown = false;
            scratch.Reserve(3 * piece.Length);
            if (options.Bytes) AddBytes(piece, scratch);
            else AddCharacters(piece, scratch);
            FlushUnknown(scratch);
            foreach (var symbol in scratch.Merger.Merge(scratch.Symbols.AsSpan(0, scratch.Count))) ids.Add(symbol.Token);
        }
        if (scratch.Symbols.Length <= KeptCapacity) idle = scratch;
    }

    int Whole(ReadOnlySpan<char> piece, Scratch scratch)
    {
        if (!options.Bytes) return tokens.FindText(piece);
        scratch.Reserve(3 * piece.Length);
        var count = Encoding.UTF8.GetBytes(piece, scratch.Utf8);
        for (var i = 0; i < count; i++) scratch.Letters[i] = ByteAlphabet.Letter(scratch.Utf8[i]);
        return tokens.FindText(scratch.Letters.AsSpan(0, count));
    }

    void AddBytes(ReadOnlySpan<char> piece, Scratch scratch)
    {
        var count = Encoding.UTF8.GetBytes(piece, scratch.Utf8);
        foreach (var value in scratch.Utf8.AsSpan(0, count))
            if (byteTokens[value] is >= 0 and var token) Add(token, scratch);
            else AddUnknown(scratch);
    }

    void AddCharacters(ReadOnlySpan<char> piece, Scratch scratch)
    {
        var affixes = options.ContinuingPrefix.Length + options.EndSuffix.Length > 0;
        Span<byte> utf8 = stackalloc byte[4];
        for (var at = 0; at < piece.Length;)
        {
            var length = char.IsHighSurrogate(piece[at]) && at + 1 < piece.Length ? 2 : 1;
            var character = piece.Slice(at, length);
            var spelled = character;
            if (affixes)
                spelled = string.Concat(at == 0 ? "" : options.ContinuingPrefix, character, at + length == piece.Length ? options.EndSuffix : "");
            at += length;
            if (tokens.FindText(spelled) is >= 0 and var token)
            {
                Add(token, scratch);
                continue;
            }
            // The bytes come before an unknown that was still growing, as in the library; only a vocabulary that lacks bytes shows it.
            if (!options.ByteFallback || !TryAddBytes(utf8[..Encoding.UTF8.GetBytes(character, utf8)], scratch)) AddUnknown(scratch);
        }
    }

    bool TryAddBytes(ReadOnlySpan<byte> utf8, Scratch scratch)
    {
        foreach (var value in utf8)
            if (byteTokens[value] < 0) return false;
        foreach (var value in utf8) scratch.Symbols[scratch.Count++] = byteTokens[value];
        return true;
    }

    void Add(int token, Scratch scratch)
    {
        FlushUnknown(scratch);
        scratch.Symbols[scratch.Count++] = token;
    }

    void AddUnknown(Scratch scratch)
    {
        if (options.Unknown is null) return;
        if (!options.FuseUnknown) FlushUnknown(scratch);
        scratch.Unknown = true;
    }

    void FlushUnknown(Scratch scratch)
    {
        if (scratch.Unknown) scratch.Symbols[scratch.Count++] = options.Unknown!.Value;
        scratch.Unknown = false;
    }

    sealed class Scratch(MergeTable merges)
    {
        public WindowMerger Merger { get; } = new(merges);

        public int[] Symbols { get; private set; } = [];

        public byte[] Utf8 { get; private set; } = [];

        public char[] Letters { get; private set; } = [];

        public int Count { get; set; }

        /// <summary>An unknown symbol has begun and is not added yet.</summary>
        public bool Unknown { get; set; }

        /// <summary>Makes room for so many symbols.</summary>
        public void Reserve(int count)
        {
            if (count <= Symbols.Length) return;
            var capacity = Math.Max(count, (int)Math.Min(2L * Symbols.Length, Array.MaxLength));
            (Symbols, Utf8, Letters) = (new int[capacity], new byte[capacity], new char[capacity]);
        }
    }
}
