using Homegrown.Engine.Tokenizers.Decoders;
using Homegrown.Engine.Tokenizers.PreTokenizers;

namespace Homegrown.Engine.Tokenizers.Folders;

/// <summary>"decoder" of tokenizer.json.</summary>
static class DecoderReader
{
    /// <exception cref="Formats.ModelFileException">A type is unknown, or a field is not what it should be.</exception>
    public static TextDecoder Read(JsonField json)
    {
        var type = json["type"].Text;
        return type switch
        {
            "Sequence" => new DecoderSequence([.. json["decoders"].Items.Select(Read)]),
            "ByteLevel" => new ByteLevel(),
            "ByteFallback" => new ByteFallback(),
            "Fuse" => new Fuse(),
            "Metaspace" => Metaspace(json),
            "WordPiece" => TokenDecoders.WordPiece(json.Find("prefix")?.Text ?? "##", json.Find("cleanup")?.Flag ?? true),
            "BPEDecoder" => new EndOfWord(json.Find("suffix")?.Text ?? "</w>"),
            "Replace" => TokenDecoders.Replace(NormalizerReader.Pattern(json["pattern"]), json["content"].Text),
            "Strip" => Strip(json),
            "CTC" => new Ctc(
                json.Find("pad_token")?.Text ?? "<pad>", json.Find("word_delimiter_token")?.Text ?? "|", json.Find("cleanup")?.Flag ?? true),
            _ => throw json["type"].Error($"unknown decoder '{type}'"),
        };
    }

    static TextDecoder Metaspace(JsonField json)
    {
        var (mark, before) = PreTokenizerReader.MetaspaceOptions(json);
        return TokenDecoders.Metaspace(mark, dropsFirst: before != SpaceBefore.Never);
    }

    static StripDecoder Strip(JsonField json) => json["content"].Text is [var content]
        ? new(content, json["start"].Number, json["stop"].Number)
        : throw json["content"].Error("not one character");
}
