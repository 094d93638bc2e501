using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;

namespace Homegrown.Engine.Models;

/// <summary>All architectures: adding one is its file and a row here.</summary>
public static class ModelCatalog
{
    public static IReadOnlyList<Architecture> All { get; } =
    [
        Llama.Architecture,
        Mistral3.Architecture,
        Qwen2.Architecture,
        Qwen2.Vision,
        Qwen2Moe.Architecture,
        Qwen3.Architecture,
        Qwen3Moe.Architecture,
        Glm4.ChatGlm,
        Glm4.Architecture,
        Glm4Moe.Architecture,
        Ernie45.Architecture,
        Ernie45.MixtureOfExperts,
        Hunyuan.Dense,
        Hunyuan.MixtureOfExperts,
        HyV3.Architecture,
        MiniMaxM2.Architecture,
        MiniMaxM3.Architecture,
        Granite.MiniCpm,
        Baichuan.Architecture,
        InternLm2.Architecture,
        InternLm2.Xverse,
        SeedOss.Architecture,
        Dots1.Architecture,
        GptOss.Architecture,
        Gemma.Gemma2,
        Gemma.Gemma3,
        Gemma4.Architecture,
        Phi3.Architecture,
        SmolLm3.Architecture,
        Exaone4.Architecture,
        Olmo3.Architecture,
        Cohere2.Architecture,
        CommandR.Architecture,
        Granite.Architecture,
        LayerNormFamilies.StarCoder2,
        LayerNormFamilies.StableLm,
        LayerNormFamilies.GptNeoX,
        LayerNormFamilies.Nemotron,
        LayerNormFamilies.Orion,
        Arcee.Architecture,
        MiMoV2.Architecture,
        Spark.Architecture,
        Step35.Architecture,
        PhiMoe.Architecture,
        Apertus.Architecture,
        Bert.Architecture,
        MpNet.Architecture,
        RotaryBert.Nomic,
        RotaryBert.JinaV3,
        RotaryBert.Gte,
        ModernBert.Architecture,
        Gemma.Embedding,
        EmbeddingGemma2.Architecture,
        DeepSeek2.Architecture,
        DeepSeek32.Architecture,
        DeepSeek32.Glm5,
        HunyuanV4.Architecture,
        Dots3Note.Architecture,
        DeepSeek4.Architecture,
        Qwen4Exp.Architecture,
        Glm5Next.Architecture,
        DeepSeek.Architecture,
        AxK1.Architecture,
        Mistral4.Architecture,
        MiniCpm3.Architecture,
        LongcatFlash.Architecture,
        Lfm2.Dense,
        Lfm2.MixtureOfExperts,
        NemotronH.Dense,
        NemotronH.MixtureOfExperts,
        FalconH1.Architecture,
        BailingMoe2.Architecture,
        PanguEmbedded.Architecture,
        KimiLinear.Architecture,
        BailingMoe3.Architecture,
        Qwen3Next.Architecture,
        Qwen3Next.Dense35,
        Qwen3Next.MixtureOfExperts35,
        MiniMax01.Architecture,
    ];

    /// <summary>The architecture that a source names.</summary>
    /// <exception cref="ModelFileException">None of them.</exception>
    public static Architecture Find(ModelSource source)
        => All.FirstOrDefault(architecture => architecture.Id == source.Architecture)
            ?? throw source.Keys.Error("general.architecture", Unknown(source.Architecture, All.Select(architecture => architecture.Id)));

    /// <summary>The architecture and the reading of a model folder.</summary>
    /// <exception cref="ModelFileException">None of them.</exception>
    internal static (Architecture, FolderMap) Find(FolderConfig config)
    {
        foreach (var architecture in All)
            foreach (var map in architecture.Folders)
                if (map.ModelTypes.Contains(config.ModelType)) return (architecture, map);
        throw config.Error("model_type", Unknown(config.ModelType, All.SelectMany(architecture => architecture.Folders).SelectMany(map => map.ModelTypes)));
    }

    static string Unknown(string id, IEnumerable<string> known)
    {
        string[] all = [.. known.Order(StringComparer.Ordinal)];
        return $"'{id}' is not supported{Nearest.Hint(id, all)} (supported: {string.Join(", ", all)})";
    }
}
