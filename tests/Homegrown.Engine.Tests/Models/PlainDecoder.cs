namespace Homegrown.Engine.Tests.Models;

/// <summary>
/// A decoder in float64, loop by loop as papers write it, with which families are compared that no other program computed here. It shares
/// nothing with the engine.
/// </summary>
sealed class PlainDecoder(RandomFolder w)
{
    /// <summary>(x - mean) / sqrt(variance + epsilon) * gain + bias, otherwise x / sqrt(mean of squares + epsilon) * gain.</summary>
    internal bool LayerNorm { get; init; }

    internal double Epsilon { get; init; } = 1e-5;

    internal double Theta { get; init; } = 10000;

    /// <summary>Numbers 2i and 2i + 1 turn together, otherwise i and i + half.</summary>
    internal bool Neighbours { get; init; }

    /// <summary>Attention and feed-forward block both take the first norm.</summary>
    internal bool Parallel { get; init; }

    /// <summary>Of a layer norm of heads, as <see cref="RandomFolder.AddHeadNorms"/> has it; null where there is none.</summary>
    internal Func<string, int, string>? HeadNorm { get; init; }

    internal double LogitScale { get; init; } = 1;

    /// <summary>Logits of every position, [tokens * vocabulary].</summary>
    internal double[] Logits(int[] tokens)
    {
        var x = tokens.Select(token => w["model.embed_tokens.weight"][(token * RandomFolder.Hidden)..((token + 1) * RandomFolder.Hidden)]).ToArray();
        for (var l = 0; l < RandomFolder.Layers; l++)
        {
            var at = $"model.layers.{l}";
            var first = x.Select(row => Norm(row, $"{at}.input_layernorm")).ToArray();
            var mixed = Attention(first, $"{at}.self_attn");
            if (Parallel)
            {
                for (var t = 0; t < x.Length; t++) x[t] = Sum(Sum(x[t], mixed[t]), FeedForward(first[t], $"{at}.mlp"));
                continue;
            }

            for (var t = 0; t < x.Length; t++) x[t] = Sum(x[t], mixed[t]);
            for (var t = 0; t < x.Length; t++) x[t] = Sum(x[t], FeedForward(Norm(x[t], $"{at}.post_attention_layernorm"), $"{at}.mlp"));
        }

        var head = w.Has("lm_head.weight") ? "lm_head" : "model.embed_tokens";
        return [.. x.SelectMany(row => Product(head, Norm(row, "model.norm"))).Select(logit => logit * LogitScale)];
    }

    double[][] Attention(double[][] x, string at)
    {
        var (dim, group) = (RandomFolder.HeadDim, RandomFolder.Heads / RandomFolder.KvHeads);
        var q = x.Select((row, t) => Turned(HeadsNormed(Product($"{at}.q_proj", row), at, "q"), t)).ToArray();
        var k = x.Select((row, t) => Turned(HeadsNormed(Product($"{at}.k_proj", row), at, "k"), t)).ToArray();
        var v = x.Select(row => Product($"{at}.v_proj", row)).ToArray();
        return [.. x.Select((_, t) => Product($"{at}.o_proj", [.. Enumerable.Range(0, RandomFolder.Heads).SelectMany(h => Head(t, h))]))];

        IEnumerable<double> Head(int t, int h)
        {
            var scores = Enumerable.Range(0, t + 1).Select(s => Enumerable.Range(0, dim).Sum(i => q[t][(h * dim) + i] * k[s][(h / group * dim) + i]) / Math.Sqrt(dim)).ToArray();
            var weights = scores.Select(score => Math.Exp(score - scores.Max())).ToArray();
            return Enumerable.Range(0, dim).Select(i => weights.Select((weight, s) => weight * v[s][(h / group * dim) + i]).Sum() / weights.Sum());
        }
    }

    /// <summary>Every head of a row by its position (arXiv 2104.09864).</summary>
    double[] Turned(double[] row, int position)
    {
        var (dim, turned) = (RandomFolder.HeadDim, row.ToArray());
        for (var head = 0; head < row.Length; head += dim)
        {
            for (var i = 0; i < dim / 2; i++)
            {
                var (a, b) = Neighbours ? (head + (2 * i), head + (2 * i) + 1) : (head + i, head + i + (dim / 2));
                var (sin, cos) = Math.SinCos(position * Math.Pow(Theta, -2.0 * i / dim));
                (turned[a], turned[b]) = ((row[a] * cos) - (row[b] * sin), (row[a] * sin) + (row[b] * cos));
            }
        }

        return turned;
    }

    double[] FeedForward(double[] x, string at)
    {
        var (gate, up) = (Product($"{at}.gate_proj", x), Product($"{at}.up_proj", x));
        return Product($"{at}.down_proj", [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)]);
    }

    double[] HeadsNormed(double[] x, string at, string of)
    {
        if (HeadNorm is not { } name) return x;
        var apart = name(of, 0) != name(of, 1);
        return [.. x.Chunk(RandomFolder.HeadDim).SelectMany((head, h) => Normed(head, apart ? w[$"{at}.{name(of, h)}.weight"] : w[$"{at}.{name(of, h)}.weight"][(h * head.Length)..]))];
    }

    double[] Norm(double[] x, string name)
    {
        var normed = Normed(x, w[$"{name}.weight"]);
        return w.Has($"{name}.bias") ? Sum(normed, w[$"{name}.bias"]) : normed;
    }

    double[] Normed(double[] x, double[] gain)
    {
        var mean = LayerNorm ? x.Average() : 0;
        var root = Math.Sqrt(x.Average(value => (value - mean) * (value - mean)) + Epsilon);
        return [.. x.Select((value, i) => (value - mean) / root * gain[i])];
    }

    double[] Product(string name, double[] x)
    {
        var matrix = w[$"{name}.weight"];
        return [.. Enumerable.Range(0, matrix.Length / x.Length).Select(row => x.Select((value, i) => value * matrix[(row * x.Length) + i]).Sum())];
    }

    static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (p, q) => p + q)];
}
