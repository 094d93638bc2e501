using System.Text;
using Homegrown.Engine.Tokenizers;

namespace Homegrown.Server.Tests;

/// <summary>A vocabulary to write tests with: 256 bytes, an end and a begin token, and a few words, matched longest first.</summary>
sealed class ScriptedTokenizer : Tokenizer
{
    public const int End = 256, Begin = 257;

    static readonly string[] Words = ["The", " capital", " of", " France", " is", " Paris", ".", "Hello", " world"];

    static readonly byte[][] Vocabulary =
    [
        .. Enumerable.Range(0, 256).Select(b => new[] { (byte)b }),
        "<|end|>"u8.ToArray(),
        "<|begin|>"u8.ToArray(),
        .. Words.Select(Encoding.UTF8.GetBytes),
    ];

    public ScriptedTokenizer() => (Eos, Bos, EndOfGeneration) = (End, Begin, new HashSet<int> { End });

    public override int Count => Vocabulary.Length;

    public override string Piece(int id) => Encoding.UTF8.GetString(Vocabulary[id]);

    public override TokenKind Kind(int id) => id is End or Begin ? TokenKind.Control : id < 256 ? TokenKind.Byte : TokenKind.Normal;

    public override int? Find(string piece) => Array.FindIndex(Vocabulary, v => v.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(piece))) is >= 0 and var id ? id : null;

    public override ReadOnlySpan<byte> Bytes(int id) => Vocabulary[id];

    public override void Encode(ReadOnlySpan<char> text, List<int> ids, bool parseSpecial, bool atStart = true)
    {
        var bytes = Encoding.UTF8.GetBytes(text.ToString()).AsSpan();
        while (bytes.Length > 0)
        {
            var best = (int)bytes[0];
            for (var id = parseSpecial ? End : Begin + 1; id < Count; id++)
                if (Vocabulary[id].Length > Vocabulary[best].Length && bytes.StartsWith(Vocabulary[id])) best = id;
            ids.Add(best);
            bytes = bytes[Vocabulary[best].Length..];
        }
    }
}
