using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Homegrown.Testing;

namespace Homegrown.Cli.Tests;

/// <summary>The reference outputs that lie beside the embedded model.</summary>
static class Golden
{
    static readonly string folder = Path.GetDirectoryName(Repository.Model)!;
    static readonly JsonNode file = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "smollm2-135m.golden.json")))!;

    public static IReadOnlyList<JsonNode> Conversations() => [.. file["conversations"]!.AsArray().Select(conversation => conversation!)];

    /// <summary>Rows of logits of the first conversation's prompt, at these positions.</summary>
    public static (int[] Positions, float[] Rows) Logits()
        => ([.. file["logits"]!["positions"]!.AsArray().Select(position => (int)position!)],
            MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(folder, (string)file["logits"]!["file"]!))).ToArray());

    /// <summary>Squared error over the reference's squared size.</summary>
    public static double Nmse(float[] ours, float[] reference)
    {
        Assert.Equal(reference.Length, ours.Length);
        var (error, size) = (0.0, 0.0);
        for (var i = 0; i < ours.Length; i++)
        {
            error += Math.Pow((double)ours[i] - reference[i], 2);
            size += Math.Pow(reference[i], 2);
        }
        return error / size;
    }
}
