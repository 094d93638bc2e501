namespace Homegrown.Engine.Formats.Safetensors.Quantized;

/// <summary>Recognises a quantized weight by the tensors it consists of and their types.</summary>
/// <param name="find">A tensor of a name; null for none.</param>
/// <param name="exact">Weights are wanted to the bit.</param>
sealed class QuantizedLayouts(QuantizationConfig config, Func<string, Part?> find, bool exact)
{
    // Ends of names: of what holds the codes, and of what comes with it.
    static readonly string[] Codes = [".weight_packed", ".qweight", "_blocks", ".weight", ""];

    static readonly string[] Companions =
    [
        ".qzeros", ".scales", ".g_idx", ".weight_g_idx", ".weight_scale", ".weight_scale_2", ".weight_scale_inv", ".weight_shape", ".weight_zero_point",
        ".weight_global_scale", ".input_scale", ".input_global_scale", ".scale", "_scales", "_scale_inv", "_scale",
    ];

    /// <summary>A module has a weight, quantized or not.</summary>
    internal bool Holds(string module) => Codes.Any(end => find(module + end) is not null);

    /// <summary>The weight of a module or of exactly that name; null where none is quantized.</summary>
    /// <exception cref="ModelFileException">A part is missing, or parts do not fit each other.</exception>
    internal QuantizedTensor? Find(string module)
    {
        foreach (var end in Codes)
        {
            if (find(module + end) is not { } part) continue;
            if (Layout(module, end, part) is not { } layout) return null;
            return new(layout, exact) { Name = part.Tensor.Name, File = part.File.Path, Offset = part.Tensor.Offset, Shape = layout.Shape };
        }

        return null;
    }

    /// <summary>The tensor of codes that a tensor belongs to, or its own name.</summary>
    internal string Whole(string name)
    {
        foreach (var companion in Companions)
        {
            if (!name.EndsWith(companion, StringComparison.Ordinal)) continue;
            var module = name[..^companion.Length];
            foreach (var end in Codes)
                if (find(module + end) is { } part) return part.Tensor.Name;
        }

        return name;
    }

    /// <summary>The names of what comes with the codes of a module.</summary>
    internal static IEnumerable<string> CompanionsOf(string module) => Companions.Select(companion => module + companion);

    Layout? Layout(string module, string end, Part part)
    {
        Part? Near(params ReadOnlySpan<string> ends)
        {
            foreach (var candidate in ends)
                if (find(module + candidate) is { } found) return found;
            return null;
        }

        Part Need(string companion) => Near(companion) ?? throw part.Error($"its {module}{companion} is missing");
        switch (end)
        {
            case "_blocks":
                return new Mxfp4Layout(part, Need("_scales"));
            case ".weight_packed" when part.Type == SafetensorsType.U8:
                return new Nvfp4Layout(part, Matrix(Need(".weight_scale")), Need(".weight_global_scale"), divides: true);
            case ".weight_packed":
                return IntegerFiles.Compressed(Matrix(part), Matrix(Need(".weight_scale")), Near(".weight_zero_point"), Near(".weight_g_idx"), TrueColumns(Need(".weight_shape"), part));
            case ".qweight":
                var scale = Matrix(Need(".scales"));
                return Matrix(part).Shape[1] == scale.Shape[1]
                    ? IntegerFiles.Gptq(part, Matrix(Need(".qzeros")), scale, Near(".g_idx"), config.SecondGptq)
                    : IntegerFiles.Awq(part, Matrix(Need(".qzeros")), scale);
            default:
                var scales = end.Length > 0 ? Near(".weight_scale_inv", ".scale", ".weight_scale") : Near("_scale_inv", "_scale");
                return part.Type switch
                {
                    SafetensorsType.F8_E4M3 or SafetensorsType.F8_E5M2 when part.Shape.Count > 0 => new EightBitLayout(part, scales, config.Block),
                    SafetensorsType.U8 or SafetensorsType.I8 when scales is not null && Near(".weight_scale_2") is { } global => new Nvfp4Layout(part, scales, global, divides: false),
                    SafetensorsType.U8 or SafetensorsType.I8 when scales is { Type: SafetensorsType.F8_E8M0 or SafetensorsType.U8 } => new Mxfp4Layout(part, scales),
                    SafetensorsType.I8 when end.Length > 0 && scales is not null => IntegerFiles.Whole(Matrix(part), Matrix(scales)),
                    _ => null,
                };
        }
    }

    static Part Matrix(Part part) => part.Shape.Count == 2 ? part : throw part.Error($"has {part.Shape.Count} dimensions, not 2");

    /// <summary>Columns of [rows, columns] in weight_shape: packed words may hold more.</summary>
    static int TrueColumns(Part shape, Part codes)
    {
        if (shape.Type is not (SafetensorsType.I64 or SafetensorsType.I32) || shape.Tensor.Bytes != 2 * shape.Type.Bytes()) throw shape.Error("is not two whole numbers");
        var bytes = shape.Bytes(0, (int)shape.Tensor.Bytes);
        var (rows, columns) = shape.Type == SafetensorsType.I64
            ? (BitConverter.ToInt64(bytes), BitConverter.ToInt64(bytes[8..]))
            : (BitConverter.ToInt32(bytes), BitConverter.ToInt32(bytes[4..]));
        if (rows != codes.Shape[0] || columns <= 0 || columns > 16 * codes.Shape[^1]) throw shape.Error($"[{rows}, {columns}] does not fit the codes of [{string.Join(", ", codes.Shape)}]");
        return (int)columns;
    }
}
