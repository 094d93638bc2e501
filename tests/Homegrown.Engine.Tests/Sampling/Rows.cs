using Homegrown.Engine.Sampling;

namespace Homegrown.Engine.Tests.Sampling;

/// <summary>Made-up logits rows, equal on every machine.</summary>
static class Rows
{
    /// <summary>Roughly normal logits (a sum of uniforms) with a few tokens far ahead, as models give them.</summary>
    public static float[] Model(int vocabulary, ulong seed, float spread = 2)
    {
        var random = new Xoshiro256(seed);
        var row = new float[vocabulary];
        for (var i = 0; i < vocabulary; i++)
            row[i] = spread * (float)(random.NextDouble() + random.NextDouble() + random.NextDouble() + random.NextDouble() - 2);
        for (var i = 0; i < 20 && vocabulary > 0; i++) row[(int)(random.NextDouble() * vocabulary)] += 10 - (i / 2f);
        return row;
    }

    /// <summary>Few distinct values, so that ties are everywhere.</summary>
    public static float[] Ties(int vocabulary, ulong seed)
    {
        var random = new Xoshiro256(seed);
        return [.. Enumerable.Range(0, vocabulary).Select(_ => (float)(int)(random.NextDouble() * 5))];
    }

    /// <summary>All ids, best first, ties by lower id.</summary>
    public static int[] BestFirst(ReadOnlySpan<float> row)
    {
        var logits = row.ToArray();
        return [.. Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).ThenBy(i => i)];
    }
}
