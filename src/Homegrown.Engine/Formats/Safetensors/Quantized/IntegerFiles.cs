namespace Homegrown.Engine.Formats.Safetensors.Quantized;

/// <summary>How the tools that write integer codes pack them.</summary>
static class IntegerFiles
{
    /// <summary>Where a word of AWQ has the columns 0 to 7.</summary>
    static ReadOnlySpan<int> AwqPlaces => [0, 4, 1, 5, 2, 6, 3, 7];

    /// <summary>
    /// GPTQ (AutoGPTQ, GPTQModel): qweight [columns * bits / 32, rows] packs neighbours of a row, qzeros [groups, rows * bits / 32]
    /// neighbours of a group, scales [groups, rows]; g_idx [columns] is there for columns in order of activation.
    /// </summary>
    /// <param name="second">Version 2 of the files stores zeros as they are; the first stores one less.</param>
    internal static IntegerLayout Gptq(Part weight, Part zero, Part scale, Part? order, bool second)
    {
        var (rows, groups) = (scale.Size(1), scale.Size(0));
        var bits = Packed.Bits(zero, zero.Size(1), rows);
        var each = 32 / bits;
        var columns = checked(weight.Size(0) * each);
        weight.Require(columns / each, rows);
        zero.Require(groups, rows / each);
        var words = zero.Words();
        var zeros = new int[groups * rows];
        for (var i = 0; i < zeros.Length; i++) zeros[i] = Packed.Code(words[i / each], i % each, bits) + (second ? 0 : 1);
        void Codes(int row, Span<int> codes)
        {
            var packed = weight.Words();
            for (var c = 0; c < codes.Length; c++) codes[c] = Packed.Code(packed[(c / each * rows) + row], c % each, bits);
        }

        var of = order is null ? Packed.Runs(scale, columns, groups) : Packed.Given(order, columns, groups);
        return new(rows, bits, Codes, scale.Floats(), zeros, of, byGroup: true);
    }

    /// <summary>AWQ for its gemm: qweight [columns, rows / 8] and qzeros [groups, rows / 8] pack rows, eight a word in an order of their own; scales [groups, rows].</summary>
    internal static IntegerLayout Awq(Part weight, Part zero, Part scale)
    {
        const int bits = 4, each = 8;
        var (columns, rows, groups) = (weight.Size(0), scale.Size(1), scale.Size(0));
        if (rows % each != 0) throw scale.Error($"{rows} rows are not whole words of {each}");
        weight.Require(columns, rows / each);
        zero.Require(groups, rows / each);
        var words = zero.Words();
        var zeros = new int[groups * rows];
        for (var i = 0; i < zeros.Length; i++) zeros[i] = Packed.Code(words[i / each], AwqPlaces[i % each], bits);
        void Codes(int row, Span<int> codes)
        {
            var packed = weight.Words();
            for (var c = 0; c < codes.Length; c++) codes[c] = Packed.Code(packed[(c * (rows / each)) + (row / each)], AwqPlaces[row % each], bits);
        }

        return new(rows, bits, Codes, scale.Floats(), zeros, Packed.Runs(scale, columns, groups), byGroup: true);
    }

    /// <summary>
    /// compressed-tensors "pack-quantized": weight_packed [rows, columns * bits / 32], weight_scale [rows, groups], the true shape in
    /// weight_shape, and zeros packed down the rows, [rows * bits / 32, groups], or half of the range without.
    /// </summary>
    internal static IntegerLayout Compressed(Part weight, Part scale, Part? zero, Part? order, int columns)
    {
        var (rows, groups, wordsOfRow) = (weight.Size(0), scale.Size(1), weight.Size(1));
        var bits = Packed.Bits(weight, wordsOfRow, columns);
        var each = 32 / bits;
        scale.Require(rows, groups);
        var zeros = new int[rows * groups];
        Array.Fill(zeros, 1 << (bits - 1));
        if (zero is not null)
        {
            zero.Require((rows + each - 1) / each, groups);
            var words = zero.Words();
            for (var i = 0; i < zeros.Length; i++) zeros[i] = Packed.Code(words[(i / groups / each * groups) + (i % groups)], i / groups % each, bits);
        }

        void Codes(int row, Span<int> codes)
        {
            var packed = weight.Words().Slice(row * wordsOfRow, wordsOfRow);
            for (var c = 0; c < codes.Length; c++) codes[c] = Packed.Code(packed[c / each], c % each, bits);
        }

        var of = order is null ? Packed.Runs(scale, columns, groups) : Packed.Given(order, columns, groups);
        return new(rows, bits, Codes, scale.Floats(), zeros, of, byGroup: false);
    }

    /// <summary>compressed-tensors "int-quantized": weight [rows, columns] of signed bytes, weight_scale [rows, groups].</summary>
    internal static IntegerLayout Whole(Part weight, Part scale)
    {
        var (rows, columns, groups) = (weight.Size(0), weight.Size(1), scale.Size(1));
        scale.Require(rows, groups);
        void Codes(int row, Span<int> codes)
        {
            var stored = weight.Bytes((long)row * columns, columns);
            for (var c = 0; c < codes.Length; c++) codes[c] = stored[c] ^ 0x80;   // from 0, as all codes here
        }

        var zeros = new int[rows * groups];
        Array.Fill(zeros, 128);
        return new(rows, 8, Codes, scale.Floats(), zeros, Packed.Runs(scale, columns, groups), byGroup: false);
    }
}
