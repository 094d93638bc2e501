using System.Diagnostics;
using Homegrown.Engine;
using Homegrown.Engine.Sampling;
using Homegrown.Engine.Tokenizers;

namespace Homegrown.Cli.Measuring;

/// <summary>What a benchmark does in each of its runs.</summary>
sealed record Workload(int Prompt, int Generate, int Runs)
{
    public int Tokens => checked(Prompt + Generate);
}

/// <summary>One run of the benchmark.</summary>
/// <param name="Load">Opening the model.</param>
/// <param name="FirstToken">From the request to the first token.</param>
/// <param name="ResidentBytes">Of the process, after the last token; mapped weights that were read count.</param>
sealed record Measurement(double PrefillRate, double DecodeRate, TimeSpan FirstToken, TimeSpan Load, long ResidentBytes)
{
    public static async Task<Measurement> TakeAsync(
        Func<LocalModel> open, Workload work, int run, Action<int> tokensDone, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        using var model = open();
        var load = watch.Elapsed;
        var request = new GenerationRequest
        {
            Prompt = Prompt(model.Tokenizer, model.VocabularySize, work.Prompt, run),
            Sampling = new SamplingOptions { Temperature = 0 },
            MaxTokens = work.Generate,
            IgnoreEnd = true,
            PromptRead = tokensDone,
        };
        var (first, last, count) = (TimeSpan.Zero, TimeSpan.Zero, 0);
        watch.Restart();
        await foreach (var piece in model.GenerateAsync(request, cancellation))
        {
            if (piece.Token is null) continue;
            last = watch.Elapsed;
            if (++count == 1) first = last;
            tokensDone(work.Prompt + count);
        }
        var decode = count > 1 ? (count - 1) / (last - first).TotalSeconds : 0;
        return new Measurement(work.Prompt / first.TotalSeconds, decode, first, load, Environment.WorkingSet);
    }

    /// <summary>Ordinary tokens in no order, others in each run: nothing of an earlier run can be reused.</summary>
    static int[] Prompt(Tokenizer tokenizer, int vocabulary, int length, int run)
    {
        var random = new Random(run);
        var ids = new int[length];
        for (var i = 0; i < length; i++)
        {
            do ids[i] = random.Next(vocabulary);
            while (ids[i] < tokenizer.Count && tokenizer.Kind(ids[i]) != TokenKind.Normal);
        }
        return ids;
    }
}
