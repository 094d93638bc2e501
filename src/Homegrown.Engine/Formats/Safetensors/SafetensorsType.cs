using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Formats.Safetensors;

/// <summary>Element types of a safetensors file, by the names that it gives them.</summary>
public enum SafetensorsType
{
    BOOL,
    U8,
    I8,
    F8_E5M2,
    F8_E4M3,
    F8_E8M0,
    U16,
    I16,
    F16,
    BF16,
    U32,
    I32,
    F32,
    U64,
    I64,
    F64,
}

/// <summary>Sizes of the types, and which of them GGUF has as they stand.</summary>
static class SafetensorsTypes
{
    public static int Bytes(this SafetensorsType type) => type switch
    {
        <= SafetensorsType.F8_E8M0 => 1,
        <= SafetensorsType.BF16 => 2,
        <= SafetensorsType.F32 => 4,
        _ => 8,
    };

    /// <summary>The same as a type of weights; null for types that hold codes or eight bits of a number.</summary>
    public static TensorType? Weights(this SafetensorsType type) => type switch
    {
        SafetensorsType.F32 => TensorType.F32,
        SafetensorsType.F16 => TensorType.F16,
        SafetensorsType.BF16 => TensorType.BF16,
        SafetensorsType.I32 => TensorType.I32,
        SafetensorsType.I64 => TensorType.I64,
        _ => null,
    };
}
