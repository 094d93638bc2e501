using System.Buffers.Binary;
using System.Text;
using Homegrown.Engine.Formats;

namespace Homegrown.Engine.Tokenizers.Folders;

/// <summary>A piece of a sentencepiece model; the kinds are numbered as in sentencepiece_model.proto.</summary>
readonly record struct SentencePiece(string Text, float Score, TokenKind Kind);

/// <summary>tokenizer.model: what a sentencepiece model says, as far as tokenizing needs it (sentencepiece_model.proto).</summary>
sealed record SentencePieceFile
{
    public required string Path { get; init; }

    public required IReadOnlyList<SentencePiece> Pieces { get; init; }

    /// <summary>trainer_spec.model_type: BPE, else Unigram.</summary>
    public bool IsBytePair { get; private set; }

    public bool ByteFallback { get; private set; }

    /// <summary>A space is marked at the end of words.</summary>
    public bool SpaceAsSuffix { get; private set; }

    /// <summary>What an unknown token decodes to.</summary>
    public string UnknownText { get; private set; } = " ⁇ ";

    public byte[] CharacterMap { get; private set; } = [];

    public bool AddsDummyPrefix { get; private set; } = true;

    public bool RemovesExtraSpaces { get; private set; } = true;

    public bool EscapesSpaces { get; private set; } = true;

    /// <exception cref="ModelFileException">The file is no sentencepiece model.</exception>
    public static SentencePieceFile Read(string path)
    {
        var pieces = new List<SentencePiece>();
        var model = new SentencePieceFile { Path = path, Pieces = pieces };
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var fields = new ProtobufReader(path, "the file", File.ReadAllBytes(path));
        while (fields.Next())
            switch (fields.Number)
            {
                case 1:
                    var piece = ReadPiece(fields.Message($"pieces[{pieces.Count}]"));
                    if (!seen.Add(piece.Text)) throw fields.Error($"'{piece.Text}' is there twice");
                    pieces.Add(piece);
                    break;
                case 2: model.ReadTrainer(fields.Message("trainer_spec")); break;
                case 3: model.ReadNormalizer(fields.Message("normalizer_spec")); break;
            }
        return pieces.Count > 0 ? model : throw fields.Error("no pieces: this is no sentencepiece model");
    }

    static SentencePiece ReadPiece(ProtobufReader fields)
    {
        var (text, score, kind) = ("", 0f, TokenKind.Normal);
        while (fields.Next())
            switch (fields.Number)
            {
                case 1: text = fields.Text; break;
                case 2: score = fields.Float; break;
                case 3: kind = Enum.IsDefined((TokenKind)fields.Integer) ? (TokenKind)fields.Integer : throw fields.Error($"unknown type {fields.Integer}"); break;
            }
        return new(text, score, kind);
    }

    void ReadTrainer(ProtobufReader fields)
    {
        while (fields.Next())
            switch (fields.Number)
            {
                case 3:
                    IsBytePair = fields.Integer is 1 or 2
                        ? fields.Integer == 2
                        : throw fields.Error($"model type {fields.Integer}; 1 (Unigram) and 2 (BPE) are supported");
                    break;
                case 24: SpaceAsSuffix = fields.Integer != 0; break;
                case 35: ByteFallback = fields.Integer != 0; break;
                case 44: UnknownText = fields.Text; break;
            }
    }

    void ReadNormalizer(ProtobufReader fields)
    {
        while (fields.Next())
            switch (fields.Number)
            {
                case 2: CharacterMap = fields.Bytes.ToArray(); break;
                case 3: AddsDummyPrefix = fields.Integer != 0; break;
                case 4: RemovesExtraSpaces = fields.Integer != 0; break;
                case 5: EscapesSpaces = fields.Integer != 0; break;
            }
    }
}

/// <summary>The fields of a message in protobuf's wire format.</summary>
/// <param name="where">The message, for errors.</param>
/// <param name="offset">Where it begins in the file.</param>
ref struct ProtobufReader(string path, string where, ReadOnlySpan<byte> bytes, long offset = 0)
{
    readonly ReadOnlySpan<byte> bytes = bytes;
    ReadOnlySpan<byte> value;
    ulong integer;
    int at, kind;

    public int Number { get; private set; }

    public readonly long Integer => kind == 0 ? unchecked((long)integer) : throw Error("not a number");

    public readonly float Float => kind == 5 ? BinaryPrimitives.ReadSingleLittleEndian(value) : throw Error("not a float");

    public readonly ReadOnlySpan<byte> Bytes => kind == 2 ? value : throw Error("not bytes");

    public readonly string Text => Encoding.UTF8.GetString(Bytes);

    public readonly ProtobufReader Message(string name) => new(path, name, Bytes, offset + at - value.Length);

    /// <summary>Goes to the next field; false at the end.</summary>
    public bool Next()
    {
        if (at == bytes.Length) return false;
        var tag = Varint();
        (Number, kind) = ((int)Math.Min(tag >> 3, int.MaxValue), (int)(tag & 7));
        if (kind == 0) integer = Varint();
        else value = Take(kind switch { 1 => 8, 2 => Varint(), 5 => 4, _ => throw Error($"wire type {kind}") });
        return true;
    }

    public readonly ModelFileException Error(string problem) => new(path, Number == 0 ? where : $"{where}, field {Number}", offset + at, problem);

    ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)(bytes.Length - at)) throw Error($"{length} bytes where {bytes.Length - at} are left");
        at += (int)length;
        return bytes.Slice(at - (int)length, (int)length);
    }

    ulong Varint()
    {
        var result = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (at == bytes.Length) throw Error("ends within a number");
            result |= (ulong)(bytes[at] & 0x7F) << shift;
            if (bytes[at++] < 0x80) return result;
        }
        throw Error("a number of more than 64 bits");
    }
}
