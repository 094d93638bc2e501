using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Homegrown.Engine.Chat;
using Homegrown.Engine.Tokenizers.Decoders;
using Homegrown.Engine.Tokenizers.PreTokenizers;
using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Folders;

/// <summary>
/// Text through the stages of the tokenizers library: added tokens, normalizer, added tokens again, pre-tokenizer, model; and back through
/// its decoder.
/// </summary>
sealed class PipelineTokenizer : Tokenizer
{
    const int KeptCapacity = 1 << 20;

    readonly Pipeline pipeline;
    readonly AddedTokenFinder raw, normalized;
    readonly HashSet<string> special;
    readonly Dictionary<int, string> shown = []; // normalized tokens, which decode as they are sought, and are special only if that is
    readonly WordCache cache = new();
    readonly Lazy<(byte[] Bytes, int[] Ends)> spelled;
    readonly Spare<Scratch> spare = new();

    public PipelineTokenizer(Pipeline pipeline)
    {
        this.pipeline = pipeline;
        raw = new AddedTokenFinder(pipeline.Added.Where(token => !token.Normalized), content => content);
        normalized = new AddedTokenFinder(pipeline.Added.Where(token => token.Normalized), Normalized);
        special = [.. pipeline.Added.Where(token => token.Special).Select(token => token.Content)];
        foreach (var token in pipeline.Added)
            if (token.Normalized && Normalized(token.Content) is var content && content != token.Content) shown.TryAdd(token.Id, content);
        spelled = new(SpellAll);
    }

    public override int Count => pipeline.Tokens.Count;

    public override string Piece(int id) => pipeline.Tokens.Piece(id) ?? "";

    public override TokenKind Kind(int id) => pipeline.Tokens.Kind(id);

    public override int? Find(string piece) => pipeline.Tokens.Find(piece);

    public override bool DropsLeadingSpace => pipeline.PrefixesSpace;

    public override ReadOnlySpan<byte> Bytes(int id)
    {
        var (bytes, ends) = spelled.Value;
        return bytes.AsSpan((id == 0 ? 0 : ends[id - 1])..ends[id]);
    }

    public override void Encode(ReadOnlySpan<char> text, List<int> ids, bool parseSpecial, bool atStart = true) =>
        Encode(text, parseSpecial ? [new Stretch(0, text.Length)] : [], ids, atStart);

    public override void Encode(IReadOnlyList<PromptSpan> prompt, List<int> ids, bool parseContent = false)
    {
        var text = Stretch.Join(prompt, parseContent, out var trusted);
        Encode(text, trusted, ids, atStart: true);
    }

    public override List<int> Encode(string text, bool addSpecial = true, bool parseSpecial = true)
    {
        var ids = new List<int>((text.Length / 3) + 2);
        foreach (var part in addSpecial ? pipeline.Template.Single : SequenceTemplate.Bare.Single)
            if (part.Text < 0) ids.AddRange(part.Tokens);
            else Encode(text, ids, parseSpecial);
        return ids;
    }

    public override EncodedPair EncodePair(string first, string second, bool parseSpecial = false)
    {
        var (ids, types) = (new List<int>(), new List<int>());
        foreach (var part in pipeline.Template.Pair)
        {
            if (part.Text < 0) ids.AddRange(part.Tokens);
            else Encode(part.Text == 0 ? first : second, ids, parseSpecial);
            while (types.Count < ids.Count) types.Add(part.TypeId);
        }
        return new(ids, types);
    }

    internal override TokenText StartText(bool showControl, bool atStart, bool live) => new PipelineText(this, showControl, new(atStart, live));

    void Encode(ReadOnlySpan<char> text, ReadOnlySpan<Stretch> trusted, List<int> ids, bool atStart)
    {
        var scratch = spare.Take();
        text = scratch.WellFormed(text);
        scratch.Raw.Clear();
        raw.Cut(text, trusted, scratch.Raw);
        foreach (var segment in scratch.Raw)
            if (segment.Token >= 0) ids.Add(segment.Token);
            else EncodeSegment(text[segment.Start..segment.End], trusted, segment.Start, scratch, ids, atStart && segment.Start == 0);
        if (scratch.Capacity <= KeptCapacity) spare.Return(scratch);
    }

    /// <summary>Encodes text without tokens that stand in it as it came.</summary>
    /// <param name="offset">Where it begins in what <paramref name="trusted"/> is about.</param>
    void EncodeSegment(ReadOnlySpan<char> text, ReadOnlySpan<Stretch> trusted, int offset, Scratch scratch, List<int> ids, bool atStart)
    {
        var changed = text;
        if (pipeline.Normalizer is { } normalizer)
        {
            scratch.Normalized.Clear();
            normalizer.Append(text, scratch.Normalized);
            changed = scratch.Normalized.Text;
        }
        if (normalized.IsEmpty)
        {
            EncodeText(changed, scratch, ids, atStart);
            return;
        }
        scratch.Segments.Clear();
        normalized.Cut(changed, Stretch.Within(trusted, offset, text.Length, isSame: changed.SequenceEqual(text), changed.Length), scratch.Segments);
        foreach (var segment in scratch.Segments)
            if (segment.Token >= 0) ids.Add(segment.Token);
            else EncodeText(changed[segment.Start..segment.End], scratch, ids, atStart && segment.Start == 0);
    }

    void EncodeText(ReadOnlySpan<char> text, Scratch scratch, List<int> ids, bool atStart)
    {
        var buffer = scratch.Pieces;
        buffer.Begin(text, atStart);
        foreach (var step in pipeline.PreTokenizer) step.Apply(buffer);
        foreach (var piece in buffer.Pieces)
        {
            var word = buffer.Text[piece.Start..piece.End];
            if (cache.TryGet(word, out var hash, out var known))
            {
                ids.AddRange(known);
                continue;
            }
            var count = ids.Count;
            pipeline.Model.Encode(word, ids);
            cache.Add(word, hash, CollectionsMarshal.AsSpan(ids)[count..]);
        }
    }

    string Normalized(string content)
    {
        if (pipeline.Normalizer is null || content.Length == 0) return content;
        var buffer = new TextBuffer();
        pipeline.Normalizer.Append(content, buffer);
        return buffer.ToString();
    }

    /// <summary>The bytes of every token, as it reads within a text.</summary>
    (byte[], int[]) SpellAll()
    {
        var writer = new ArrayBufferWriter<byte>();
        var ends = new int[Count];
        for (var id = 0; id < Count; id++)
        {
            if (pipeline.Tokens.Piece(id) is { } piece) Spell(id, piece, writer);
            ends[id] = writer.WrittenCount;
        }
        return (writer.WrittenSpan.ToArray(), ends);
    }

    void Spell(int id, string piece, ArrayBufferWriter<byte> to)
    {
        if (pipeline.Decoder is ByteLevel) ByteAlphabet.Spell(piece, to);
        else if (Kind(id) == TokenKind.Byte && Vocabulary.ByteOf(piece) is { } value) to.Write([value]);
        else
        {
            var text = StartText(showControl: true, atStart: false, live: true);
            Encoding.UTF8.GetBytes(text.Append(id) + text.Finish(), to);
        }
    }

    sealed class PipelineText : TokenText
    {
        readonly PipelineTokenizer tokenizer;
        readonly bool showControl;
        readonly TextSink sink = new();
        readonly DecoderStep first;

        public PipelineText(PipelineTokenizer tokenizer, bool showControl, DecoderStart start)
        {
            (this.tokenizer, this.showControl) = (tokenizer, showControl);
            first = tokenizer.pipeline.Decoder.Start(sink, start);
        }

        public override string Append(int id)
        {
            if ((tokenizer.shown.GetValueOrDefault(id) ?? tokenizer.pipeline.Tokens.Piece(id)) is not { } piece || (!showControl && tokenizer.special.Contains(piece))) return "";
            first.Take(piece);
            first.EndToken();
            return sink.Drain();
        }

        public override string Finish()
        {
            first.EndSequence();
            return sink.Drain();
        }
    }

    /// <summary>What a text needs while it is encoded.</summary>
    sealed class Scratch
    {
        readonly TextBuffer wellFormed = new();

        public List<Segment> Raw { get; } = [];

        public List<Segment> Segments { get; } = [];

        public TextBuffer Normalized { get; } = new();

        public PieceBuffer Pieces { get; } = new();

        public int Capacity => Math.Max(Pieces.Capacity, Normalized.Capacity);

        /// <summary>The text with U+FFFD for halves of surrogate pairs.</summary>
        public ReadOnlySpan<char> WellFormed(ReadOnlySpan<char> text)
        {
            if (!text.ContainsAnyInRange('\uD800', '\uDFFF')) return text;
            wellFormed.Clear();
            foreach (var rune in text.EnumerateRunes()) wellFormed.AppendPoint(rune.Value);
            return wellFormed.Text;
        }
    }
}
