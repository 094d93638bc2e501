using System.Text.Json;
using Homegrown.Engine.Folders;

namespace Homegrown.Engine.Formats.Safetensors.Quantized;

/// <summary>What tensors cannot say of themselves: quantization_config in config.json, of the model or of its text part.</summary>
/// <param name="Block">Rows and columns that share a scale of eight-bit floats.</param>
/// <param name="SecondGptq">GPTQ files of version 2.</param>
sealed record QuantizationConfig((int Rows, int Columns) Block, bool SecondGptq)
{
    const int MostBytes = 16 << 20, UsualBlock = 128;

    /// <exception cref="ModelFileException">The file is no JSON, or a block has no size.</exception>
    internal static QuantizationConfig Read(string folder)
    {
        var path = Path.Combine(folder, "config.json");
        var usual = new QuantizationConfig((UsualBlock, UsualBlock), false);
        if (!File.Exists(path)) return usual;
        var root = FolderJson.Read(path, MostBytes);
        if (!TryObject(root, "quantization_config", out var config) && !(TryObject(root, "text_config", out var text) && TryObject(text, "quantization_config", out config))) return usual;
        var second = config.TryGetProperty("checkpoint_format", out var format) && format.ValueKind == JsonValueKind.String && format.ValueEquals("gptq_v2");
        if (!config.TryGetProperty("weight_block_size", out var block) || block.ValueKind == JsonValueKind.Null) return usual with { SecondGptq = second };
        return block.ValueKind == JsonValueKind.Array && block.GetArrayLength() == 2 && Size(block[0]) is { } rows && Size(block[1]) is { } columns
            ? new((rows, columns), second)
            : throw new ModelFileException(path, "quantization_config.weight_block_size", null, "is no pair of sizes");
    }

    static int? Size(JsonElement number) => number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out var size) && size > 0 ? size : null;

    static bool TryObject(JsonElement of, string name, out JsonElement value) => of.TryGetProperty(name, out value) && value.ValueKind == JsonValueKind.Object;
}
