using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Tests.Ops;

/// <summary>Attention in 16-bit integers: what becomes of numbers, and what attention makes of them.</summary>
public sealed unsafe class WordsTests
{
    const int Side = KvPanels.Side;

    static void NeedsMachineCode() => Assert.SkipUnless(Compute.HasNative(Tier.Emitted), "this processor has no AVX-512 VNNI");

    [Theory]
    [InlineData(1f, 8)]
    [InlineData(3e-6f, 64)]     // halves that are subnormal
    [InlineData(65504f, 128)]
    [InlineData(0f, 16)]
    public void A_row_is_within_half_a_step_and_its_sums_fit_32_bits(float magnitude, int count)
    {
        var random = new Random(count);
        float[] numbers = [.. Enumerable.Range(0, count).Select(i => magnitude * (i % 5 == 0 ? 1 : (2 * random.NextSingle()) - 1))];
        var words = new short[count];
        fixed (float* from = numbers)
        fixed (short* to = words)
        {
            var scale = WordRows.Query(from, count, to);
            Assert.InRange(words.Sum(w => Math.Abs((long)w)) * short.MaxValue, 0, int.MaxValue);
            for (var i = 0; i < count; i++) Assert.Equal(numbers[i], words[i] * scale, 0.51 * scale);
        }
    }

    [Theory]
    [InlineData(1f, 40)]
    [InlineData(6e-8f, 64)]     // the least half
    [InlineData(65504f, 30)]
    [InlineData(0f, 32)]
    public void A_panel_of_keys_is_within_half_a_step_of_each_position(float magnitude, int count)
    {
        NeedsMachineCode();
        var (numbers, words, scales) = (Halves(magnitude, count), new short[2 * Side * Side], new float[Side]);
        fixed (float* from = numbers, s = scales)
        fixed (short* to = words) WordPanels.Keys(from, count, F16.Moved, to, s);
        for (var d = 0; d < count; d++)
            for (var position = 0; position < Side; position++)
                Near(numbers[(d * Side) + position], words[(((d / 2 * Side) + position) * 2) + (d % 2)], scales[position]);
    }

    [Theory]
    [InlineData(1f, 64, 32)]
    [InlineData(6e-8f, 37, 20)]
    [InlineData(65504f, 1, 3)]
    [InlineData(0f, 32, 32)]
    public void A_panel_of_values_is_within_half_a_step_of_each_position(float magnitude, int count, int columns)
    {
        NeedsMachineCode();
        var (numbers, words, scales) = (Halves(magnitude, count), new short[2 * Side * Side], new float[2 * Side]);
        fixed (float* from = numbers, s = scales)
        fixed (short* to = words)
        {
            WordPanels.Largest(from, count, columns, s);
            for (var i = 0; i < count; i++)
            {
                Assert.Equal(numbers.Skip(i * Side).Take(columns).Max(MathF.Abs), scales[i]);
                scales[i] = Math.Max(scales[i] / F16.Moved, Words.Smallest) / Words.Largest;
            }

            WordPanels.Values(from, count, F16.Moved, s, to);
        }

        for (var i = 0; i < count; i++)
            for (var d = 0; d < columns; d++)
                Near(numbers[(i * Side) + d], words[(((i / 32 * 16) + (i % 16)) * Side * 2) + (d * 2) + (i % 32 / 16)], scales[i]);
    }

    /// <summary>Random halves as panels have them, and behind them what was there before.</summary>
    static float[] Halves(float magnitude, int count)
    {
        var (random, numbers) = (new Random(count), new float[2 * Side * Side]);
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = i < count * Side ? (float)(Half)(magnitude * ((2 * random.NextSingle()) - 1)) * F16.Moved : float.NaN;
        return numbers;
    }

    static void Near(float number, short word, float scale) => Assert.Equal((double)number / F16.Moved, (double)word * scale, 0.51 * scale);

    [Theory]
    [InlineData(0, 256)]
    [InlineData(16, 240)]
    [InlineData(208, 224)]
    [InlineData(0, 0)]
    public void Weights_are_exponentials_within_half_a_step_and_zeros_elsewhere(int start, int stop)
    {
        NeedsMachineCode();
        const int Count = 256;
        var random = new Random(stop);
        float[] scores = [.. Enumerable.Range(0, Count).Select(i => i % 7 == 0 ? float.NegativeInfinity : -10 * random.NextSingle())];
        var numbers = (float[])scores.Clone();
        numbers.AsSpan(0, start).Fill(float.NaN);
        numbers.AsSpan(stop).Fill(float.NaN);
        float[] valueScales = [.. Enumerable.Range(0, Count).Select(i => (i % 3) + 0.5f)];
        fixed (float* at = numbers, values = valueScales)
        {
            var (scale, sum) = WordRows.Weights(at, values, Count, start, stop, largest: 0);
            var exact = scores[start..stop].Sum(s => Math.Exp(s));
            Assert.Equal(exact, sum, 1e-5 * exact);
            for (var i = 0; i < Count; i++)
            {
                var word = ((short*)at)[(i / 32 * 32) + (i % 16 * 2) + (i % 32 / 16)];
                Assert.Equal(i >= start && i < stop ? Math.Exp(scores[i]) * valueScales[i] : 0, word * scale, 0.51 * scale);
            }
        }
    }

    [Theory]
    [InlineData(KvType.F16, 7)]
    [InlineData(KvType.F16, 100)]
    [InlineData(KvType.Q8_0, 300)]
    public void A_window_hides_what_lies_before_it(KvType type, int window)
    {
        NeedsMachineCode();
        using var step = new AttentionWorld(new(14, 2, 64), type, Tier.Emitted, threads: 2, new() { Window = window });
        step.Run((0, 37), (1, 3));
        step.Run((0, 300), (1, 90));
    }

    public static TheoryData<string, AttentionOptions> Options => new()
    {
        { "both sides", new() { BothSides = true } },
        { "both sides in a window", new() { BothSides = true, Window = 65 } },
        { "slopes and sinks", new() { Slopes = AttentionOptions.AlibiSlopes(6), Sinks = [0, 1, -1, 2, 5, -40] } },
        { "biases by distance under a cap", new() { SoftCap = 5, Distances = [.. Enumerable.Range(0, 6 * 21).Select(i => MathF.Sin(i * 1.7f))] } },
    };

    [Theory, MemberData(nameof(Options))]
    public void Options_hold(string name, AttentionOptions options)
    {
        NeedsMachineCode();
        Assert.NotEmpty(name);
        using var step = new AttentionWorld(new(6, 2, 40, 33), KvType.F16, Tier.Emitted, threads: 3, options);
        step.Run((0, 20), (1, 70));
        step.Run((0, 210), (1, 1));
    }

    [Fact]
    public void Prompts_in_parts_and_threads_give_the_same_bits()
    {
        NeedsMachineCode();
        using var whole = new AttentionWorld(new(14, 2, 64), KvType.F16, Tier.Emitted, threads: 1);
        using var parts = new AttentionWorld(new(14, 2, 64), KvType.F16, Tier.Emitted, threads: 3);
        whole.Run((0, 330), (1, 40));
        foreach (var tokens in (int[])[3, 100, 7, 49, 171]) parts.Run((0, tokens));
        parts.Run((1, 40));
        Assert.Equal(whole.Results(0), parts.Results(0));
        Assert.Equal(whole.Results(1), parts.Results(1));
    }
}
