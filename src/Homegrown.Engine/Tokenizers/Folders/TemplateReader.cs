namespace Homegrown.Engine.Tokenizers.Folders;

/// <summary>"post_processor" of tokenizer.json. Of a sequence the one that adds tokens counts; ByteLevel only moves offsets.</summary>
static class TemplateReader
{
    /// <param name="count">Ids of the vocabulary.</param>
    /// <exception cref="Formats.ModelFileException">A type is unknown, or a field is not what it should be.</exception>
    public static SequenceTemplate Read(JsonField json, int count)
    {
        var type = json["type"].Text;
        return type switch
        {
            "Sequence" => json["processors"].Items.Select(processor => Read(processor, count)).LastOrDefault(template => template != SequenceTemplate.Bare)
                ?? SequenceTemplate.Bare,
            "ByteLevel" => SequenceTemplate.Bare,
            "BertProcessing" => SequenceTemplate.Bert(Token(json["cls"], count), Token(json["sep"], count)),
            "RobertaProcessing" => SequenceTemplate.Roberta(Token(json["cls"], count), Token(json["sep"], count)),
            "TemplateProcessing" => new(Parts(json, "single", count), Parts(json, "pair", count)),
            _ => throw json["type"].Error($"unknown post-processor '{type}'"),
        };
    }

    /// <summary>["spelling", id]</summary>
    static int Token(JsonField json, int count) => json.Items.ToArray() is [_, var id] ? Id(id, count) : throw json.Error("not a pair of spelling and id");

    static TemplatePart[] Parts(JsonField json, string name, int count)
    {
        var tokens = json.Find("special_tokens")?.Members.ToDictionary(member => member.Name, member => member.Field);
        return [.. json[name].Items.Select(Part)];

        TemplatePart Part(JsonField part)
        {
            if (part.Find("Sequence") is { } sequence)
                return sequence["id"].Text is "A" or "B"
                    ? TemplatePart.Of(sequence["id"].Text == "A" ? 0 : 1, sequence.Find("type_id")?.Number ?? 0)
                    : throw sequence["id"].Error("neither A nor B");
            var special = part["SpecialToken"];
            var spelling = special["id"];
            return tokens?.TryGetValue(spelling.Text, out var token) == true
                ? new(-1, [.. token["ids"].Items.Select(id => Id(id, count))], special.Find("type_id")?.Number ?? 0)
                : throw spelling.Error($"'{spelling.Text}' is not in special_tokens");
        }
    }

    static int Id(JsonField json, int count) =>
        json.Number < count ? json.Number : throw json.Error($"{json.Number} is no token; the vocabulary has {count}");
}
