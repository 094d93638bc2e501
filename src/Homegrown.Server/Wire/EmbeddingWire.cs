using System.Text.Json;
using System.Text.Json.Nodes;

namespace Homegrown.Server.Wire;

/// <summary>A request to /v1/embeddings, read and checked.</summary>
/// <param name="Dimensions">Numbers of a vector; 0 for all.</param>
/// <param name="Prompt">Name of a prompt of the model, as sentence-transformers has them; null for its default.</param>
/// <param name="Base64">Vectors as the bytes of their float32 numbers, little-endian, in base64.</param>
sealed record EmbeddingRequest(IReadOnlyList<string> Texts, int Dimensions, string? Prompt, bool Truncate, bool Base64)
{
    const int MostTexts = 2048;     // OpenAI's own limit

    /// <param name="dimensions">That the model has.</param>
    public static EmbeddingRequest Read(JsonFields fields, int dimensions)
    {
        var input = fields.Require("input", "give a text or texts");
        if (input.ValueKind == JsonValueKind.Array && input.GetArrayLength() > 0 && input[0].ValueKind is JsonValueKind.Number or JsonValueKind.Array)
            throw ApiException.Unsupported("input", "has token ids, which are of another model's tokenizer as a rule: send texts (LangChain for Python: check_embedding_ctx_length=False).");
        var texts = fields.Texts("input", MostTexts);
        if (texts.Count == 0) throw ApiException.Invalid("input", "is empty.");
        var format = fields.Text("encoding_format");
        if (format is not (null or "float" or "base64")) throw ApiException.Invalid("encoding_format", $"is '{format}': 'float' and 'base64' are served.");
        return new EmbeddingRequest(
            texts, fields.Integer("dimensions", 1, dimensions) ?? 0, fields.Text("prompt_name"),
            fields.Flag("truncate") || fields.Find("truncate_prompt_tokens") is not null, format == "base64");
    }
}

sealed record EmbeddingList(IReadOnlyList<EmbeddingItem> Data, string Model, EmbeddingUsage Usage, string Object = "list");

/// <param name="Embedding">Numbers, or their bytes in base64.</param>
sealed record EmbeddingItem(int Index, JsonNode Embedding, string Object = "embedding");

sealed record EmbeddingUsage(int PromptTokens, int TotalTokens);
