using System.Text.Json;

namespace Homegrown.Server.Wire;

/// <summary>A request to /v1/rerank, as Jina, Cohere, llama.cpp and vLLM have it, read and checked.</summary>
/// <param name="Top">Documents to return at most.</param>
sealed record RerankRequest(string Query, IReadOnlyList<string> Documents, int Top, bool ReturnDocuments, string? Instruction, bool Truncate)
{
    const int MostDocuments = 4096;

    public static RerankRequest Read(JsonFields fields)
    {
        _ = fields.Require("query", "give the text that documents are compared with");
        var list = fields.List("documents") ?? fields.List("texts") ?? throw ApiException.Invalid("documents", "is missing: give the texts to score.");
        var documents = list.Select(Text).ToList();
        if (documents.Count is 0 or > MostDocuments) throw ApiException.Invalid("documents", $"has {documents.Count} entries: 1 to {MostDocuments} are accepted.");
        return new RerankRequest(
            fields.Text("query")!, documents, fields.Integer("top_n", 1) ?? documents.Count, fields.Flag("return_documents"), fields.Text("instruction"), fields.Flag("truncate"));
    }

    static string Text(JsonElement document, int index) =>
        document.ValueKind == JsonValueKind.String ? document.GetString()!
        : document.ValueKind == JsonValueKind.Object && document.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()!
        : throw JsonFields.Wrong($"documents[{index}]", "a text, or an object with 'text'", document.GetRawText());
}

sealed record RerankReply(string Id, string Model, IReadOnlyList<RerankResult> Results, EmbeddingUsage Usage);

/// <param name="Document">The text, where the request asks for it.</param>
sealed record RerankResult(int Index, float RelevanceScore, RerankDocument? Document);

sealed record RerankDocument(string Text);
