using System.Diagnostics;
using Homegrown.Engine;
using Homegrown.Engine.Sampling;
using Homegrown.Engine.Tokenizers;

namespace Homegrown.Cli.Measuring;

/// <summary>One run on a loaded model.</summary>
/// <param name="FirstTokens">From each prompt's request to its first token.</param>
/// <param name="DecodeRate">Tokens a second, one by one.</param>
sealed record Measurement(IReadOnlyList<TimeSpan> FirstTokens, double DecodeRate)
{
    public static async Task<Measurement> TakeAsync(LocalModel model, Workload work, int run, Action<int> tokensDone, CancellationToken cancellation)
    {
        var (done, firstTokens) = (0, new List<TimeSpan>());
        foreach (var prompt in work.Prompts)
        {
            var (first, _) = await TimeAsync(model, prompt, 1, run, count => tokensDone(done + prompt + count - 1), cancellation);
            firstTokens.Add(first);
            done += prompt;
        }

        // The first token comes from the prompt: so many follow it, each a step of its own.
        var (start, end) = await TimeAsync(model, work.Before, work.Generate + 1, run, count => tokensDone(done + work.Before + count - 1), cancellation);
        return new Measurement(firstTokens, work.Generate / (end - start).TotalSeconds);
    }

    /// <summary>Times from the request to its first and its last token.</summary>
    /// <param name="generated">Tells how many tokens are generated; while the prompt is read, 1 less the tokens that are left of it.</param>
    static async Task<(TimeSpan First, TimeSpan Last)> TimeAsync(
        LocalModel model, int prompt, int generate, int run, Action<int> generated, CancellationToken cancellation)
    {
        var request = new GenerationRequest
        {
            Prompt = Prompt(model.Tokenizer, model.VocabularySize, prompt, run),
            Sampling = new SamplingOptions { Temperature = 0 },
            MaxTokens = generate,
            IgnoreEnd = true,
            CachePrompt = false,
            PromptRead = read => generated(read - prompt + 1),
        };
        var (first, last, count) = (TimeSpan.Zero, TimeSpan.Zero, 0);
        var watch = Stopwatch.StartNew();
        await foreach (var piece in model.GenerateAsync(request, cancellation))
        {
            if (piece.Token is null) continue;
            last = watch.Elapsed;
            if (++count == 1) first = last;
            generated(count);
        }

        return count == generate ? (first, last) : throw new InvalidOperationException($"{count} tokens were generated instead of {generate}.");
    }

    /// <summary>Ordinary tokens in no order, others in each run and length: nothing of an earlier request can be reused.</summary>
    static int[] Prompt(Tokenizer tokenizer, int vocabulary, int length, int run)
    {
        var random = new Random((run * 1_000_003L + length).GetHashCode());
        var ids = new int[length];
        for (var i = 0; i < length; i++)
        {
            do ids[i] = random.Next(vocabulary);
            while (ids[i] < tokenizer.Count && tokenizer.Kind(ids[i]) != TokenKind.Normal);
        }
        return ids;
    }
}
