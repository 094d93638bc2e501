using System.Text;
using Homegrown.Server.Gateway;
using Homegrown.Server.Wire;
using Microsoft.AspNetCore.Http;

namespace Homegrown.Server.Endpoints;

/// <summary>/tokenize and /detokenize, with the fields of llama.cpp (content, tokens) and of vLLM (prompt or messages, count).</summary>
static class Tokens
{
    public static async Task TokenizeAsync(HttpContext http, ApiService service)
    {
        using var body = await JsonBody.ReadAsync(http);
        var fields = new JsonFields(body.RootElement);
        var model = service.Models.Find<IServedModel>(fields.Text("model"));
        var ids = fields.Find("messages") is not null
            ? model.Encode(ChatRequest.Read(fields, model.Tokenizer.Count).Prompt)
            : model.Tokenizer.Encode(
                fields.Text("content") ?? fields.Text("prompt") ?? throw ApiException.Invalid("content", "is missing: give a text, or 'messages'."),
                addSpecial: fields.Flag("add_special") || fields.Flag("add_special_tokens"));
        var pieces = fields.Flag("with_pieces") || fields.Flag("return_token_strs") ? ids.Select(id => Encoding.UTF8.GetString(model.Tokenizer.Bytes(id))) : null;
        await WireJson.SendAsync(http, new TokenList(ids, ids.Count, model.ContextLength, pieces?.ToList()), WireJson.Default.TokenList);
    }

    public static async Task DetokenizeAsync(HttpContext http, ApiService service)
    {
        using var body = await JsonBody.ReadAsync(http);
        var fields = new JsonFields(body.RootElement);
        var model = service.Models.Find<IServedModel>(fields.Text("model"));
        var ids = CompletionRequest.Ids(fields.Require("tokens", "give token ids"), "tokens", model.Tokenizer.Count);
        var bytes = new List<byte>();
        foreach (var id in ids) bytes.AddRange(model.Tokenizer.Bytes(id));
        var text = Encoding.UTF8.GetString([.. bytes]);
        await WireJson.SendAsync(http, new TokenText(text, text), WireJson.Default.TokenText);
    }
}
