using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Shapes;

/// <summary>What a matrix is for, as far as mixes tell matrices apart.</summary>
public enum MatrixRole
{
    /// <summary>The token table of a model with a head of its own.</summary>
    Embedding,

    /// <summary>The output head, or the token table that serves as one.</summary>
    Head,

    /// <summary>Attention values.</summary>
    Value,

    /// <summary>Out of the feed-forward block.</summary>
    Down,

    /// <summary>Chooses experts; always float32.</summary>
    Router,

    /// <summary>Queries, keys, attention output, feed-forward gate and up.</summary>
    Other,
}

/// <summary>
/// Which type each matrix of a quantized model has: one type throughout, or a "medium" mix, which spends 6 bits on the head and on
/// the values and down projections of the layers that lose most. The assignment is that of llama.cpp's quantizer without an
/// importance matrix (llama-quant.cpp), so that sizes and speeds compare.
/// </summary>
public sealed record TypeMix
{
    TypeMix(string name, TensorType type, bool medium) => (Name, Type, IsMedium) = (name, type, medium);

    /// <summary>All mixes, by the name that a command line gives.</summary>
    public static IReadOnlyList<TypeMix> All { get; } =
    [
        .. Enum.GetValues<TensorType>().Where(QuantFormats.IsSupported).Select(type => new TypeMix(QuantFormats.Name(type), type, false)),
        new("Q4_K_M", TensorType.Q4_K, true),
        new("Q5_K_M", TensorType.Q5_K, true),
    ];

    public string Name { get; }

    /// <summary>Of most matrices.</summary>
    public TensorType Type { get; }

    /// <summary>Some matrices get <see cref="TensorType.Q6_K"/>.</summary>
    public bool IsMedium { get; }

    /// <summary>The type of a matrix with rows of <paramref name="columns"/> values.</summary>
    /// <param name="layer">Of <paramref name="layers"/>; any number outside of them.</param>
    public TensorType Of(MatrixRole role, int layer, int layers, int columns)
    {
        if (role == MatrixRole.Router) return TensorType.F32;
        var more = IsMedium && (role == MatrixRole.Head || (role is MatrixRole.Value or MatrixRole.Down && IsSensitive(layer, layers)));
        return Fitting(more ? TensorType.Q6_K : Type, columns);
    }

    /// <summary>The first and last eighth of the layers, and every third between.</summary>
    static bool IsSensitive(int layer, int layers)
        => layer < layers / 8 || layer >= 7 * layers / 8 || (layer - (layers / 8)) % 3 == 2;

    /// <summary>Types of long blocks need rows of whole ones; others get the type of 32 that is next above in size, of small types IQ4_NL.</summary>
    static TensorType Fitting(TensorType type, int columns) => columns % QuantFormats.BlockSize(type) == 0 ? type : type switch
    {
        TensorType.Q4_K => TensorType.Q5_0,
        TensorType.Q5_K => TensorType.Q5_1,
        TensorType.Q6_K => TensorType.Q8_0,
        _ when QuantFormats.BlockSize(type) > 1 && columns % QuantFormats.BlockSize(TensorType.IQ4_NL) == 0 => TensorType.IQ4_NL,
        _ => throw new ArgumentException($"Rows of {columns} values are not whole blocks of {QuantFormats.BlockSize(type)} ({type}).", nameof(columns)),
    };
}
