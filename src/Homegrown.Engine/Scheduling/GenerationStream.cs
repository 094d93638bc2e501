using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Homegrown.Engine.Sampling;
using Homegrown.Engine.Tokenizers;

namespace Homegrown.Engine.Scheduling;

/// <summary>
/// One request between the engine's thread, which draws tokens here, and its caller, who reads pieces of text. Whole and streamed
/// answers are the same stream.
/// </summary>
/// <param name="room">Tokens that may be generated: what the request asks for, or what is left of the context.</param>
sealed class GenerationStream(GenerationRequest request, Tokenizer tokenizer, SamplerChain sampler, int room, CancellationToken cancellation)
    : ISequenceSink
{
    readonly Channel<GenerationPiece> pieces = Channel.CreateUnbounded<GenerationPiece>(new() { SingleReader = true, SingleWriter = true });
    readonly TokenStream text = new(tokenizer, showControl: false, atStart: false);
    readonly StopTexts stops = new(request.Stop);
    readonly List<PromptToken> scored = [];
    volatile bool abandoned;
    int generated, reused;

    public bool Cancelled => abandoned || cancellation.IsCancellationRequested;

    public void PromptRead(int tokens, int reused)
    {
        this.reused = reused;
        request.PromptRead?.Invoke(tokens);
    }

    public void Scored(int position, ReadOnlySpan<float> logits)
    {
        var token = request.Prompt[position + 1];
        if (token < tokenizer.Count) logits = WithoutPadding(logits);
        var (logprob, top) = Logprobs(logits, token);
        scored.Add(new PromptToken(token, logprob, top));
    }

    public int? Next(ReadOnlySpan<float> logits)
    {
        if (request.PromptLogprobs && generated == 0)
        {
            scored.Insert(0, new PromptToken(request.Prompt[0], null, []));
            Write(new() { Text = "", Prompt = scored, Finish = room == 0 ? FinishReason.Length : null });
        }
        if (room == 0) return null;
        logits = WithoutPadding(logits);
        var token = sampler.Sample(logits);
        if (!request.IgnoreEnd && tokenizer.EndOfGeneration.Contains(token))
        {
            var rest = Rest();
            Write(new() { Text = rest.Text, CachedTokens = reused, Finish = FinishReason.Stop, StoppedBy = rest.Stop ?? tokenizer.Piece(token) });
            return null;
        }

        generated++;
        var (released, stop) = stops.Feed(text.Append(token));
        var full = stop is null && generated == room;
        if (full)
        {
            var rest = Rest();
            (released, stop) = (released + rest.Text, rest.Stop);
        }

        var (logprob, top) = Logprobs(logits, token);
        Write(new()
        {
            Text = released,
            CachedTokens = reused,
            Token = token,
            Logprob = logprob,
            TopLogprobs = top,
            Finish = stop is not null ? FinishReason.Stop : full ? FinishReason.Length : null,
            StoppedBy = stop,
            ContextFull = full && stop is null && generated != request.MaxTokens,
        });
        return full || stop is not null ? null : token;
    }

    public void Ended(Exception? error)
        => pieces.Writer.TryComplete(error ?? (Cancelled ? new OperationCanceledException(cancellation) : null));

    /// <summary>Goes in line, then gives the pieces as they come. Leaving the loop early, or cancelling, ends the work.</summary>
    /// <param name="limit">Most tokens that the sequence may come to have.</param>
    public async IAsyncEnumerable<GenerationPiece> RunAsync(EngineLoop engine, int limit, [EnumeratorCancellation] CancellationToken reader = default)
    {
        engine.Add(new Sequence(request.Prompt, limit, this, request.PromptLogprobs) { Shares = request.CachePrompt });
        try
        {
            await foreach (var piece in pieces.Reader.ReadAllAsync(reader)) yield return piece;
        }
        finally
        {
            abandoned = true;
        }
    }

    /// <summary>Rows past the vocabulary pad the matrix; they are no tokens.</summary>
    ReadOnlySpan<float> WithoutPadding(ReadOnlySpan<float> logits)
        => tokenizer.Count > 0 && tokenizer.Count < logits.Length ? logits[..tokenizer.Count] : logits;

    /// <summary>What is held back when no token follows: half a character, the beginning of a stop text.</summary>
    (string Text, string? Stop) Rest()
    {
        var (released, stop) = stops.Feed(text.Finish());
        return (released + stops.Flush(), stop);
    }

    (float? Logprob, IReadOnlyList<TokenLogprob> Top) Logprobs(ReadOnlySpan<float> logits, int token)
    {
        if (request.TopLogprobs is not { } count) return (null, []);
        var top = new TokenLogprob[Math.Min(count, logits.Length)];
        return (LogProbabilities.Of(logits, token, top), top);
    }

    void Write(GenerationPiece piece) => pieces.Writer.TryWrite(piece);
}
