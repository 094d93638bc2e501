using System.Text;
using Homegrown.Engine;
using Homegrown.Engine.Tokenizers;

namespace Homegrown.Server.Wire;

/// <summary>The engine's values as the API spells them.</summary>
static class WireNames
{
    /// <summary>SDKs refuse a reason that they do not know; these two they all do.</summary>
    public static string? Of(FinishReason? finish) => finish switch
    {
        null => null,
        FinishReason.Stop => "stop",
        _ => "length",
    };

    /// <summary>The token's text, with the replacement character for parts of characters, and its exact bytes.</summary>
    public static (string Text, int[] Bytes) Token(Tokenizer tokenizer, int id)
    {
        var bytes = tokenizer.Bytes(id);
        var numbers = new int[bytes.Length];
        for (var i = 0; i < bytes.Length; i++) numbers[i] = bytes[i];
        return (Encoding.UTF8.GetString(bytes), numbers);
    }

    /// <summary>JSON has no infinity: the API writes -9999 for a token that cannot come.</summary>
    public static float Logprob(float logprob) => float.IsFinite(logprob) ? logprob : -9999;
}
