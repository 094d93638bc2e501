using System.Runtime.CompilerServices;
using Homegrown.Engine;
using Homegrown.Server.Gateway;
using Homegrown.Server.Wire;

namespace Homegrown.Server.Endpoints;

/// <summary>A step of one choice of a reply.</summary>
/// <param name="Logged">Tokens whose log probabilities are due, when asked for.</param>
/// <param name="Prompt">In the first step: those of the prompt, when asked for.</param>
readonly record struct ChoiceStep(
    int Choice, string Text, IReadOnlyList<GenerationPiece> Logged, FinishReason? Finish, IReadOnlyList<PromptToken>? Prompt = null);

/// <summary>
/// All choices of a request, as one stream of steps: whole replies collect it, streamed ones send it on. Choices come one after
/// the other, each waiting in line like a request of its own, so that a caller who asks for eight does not keep others waiting for eight.
/// </summary>
sealed class ChoiceRun
{
    readonly IServedModel model;
    readonly IReadOnlyList<IReadOnlyList<int>> prompts;
    readonly GenerationRequest request;
    readonly int perPrompt;
    readonly int[] cached;     // tokens of each prompt, as its first choice found them
    int completionTokens;

    /// <param name="request">What all choices share: all but the prompt and the seed.</param>
    /// <param name="perPrompt">Choices for each prompt.</param>
    /// <param name="param">The request field that holds the prompts, for errors.</param>
    public ChoiceRun(IServedModel model, IReadOnlyList<IReadOnlyList<int>> prompts, GenerationRequest request, int perPrompt, string param)
    {
        (this.model, this.prompts, this.request, this.perPrompt) = (model, prompts, request, perPrompt);
        cached = new int[prompts.Count];
        foreach (var prompt in prompts)
        {
            if (prompt.Count == 0) throw ApiException.Invalid(param, "is empty, and the model has no token to begin with.");
            if (prompt.Count >= model.ContextLength)
                throw new ApiException(400,
                    $"'{param}' has {prompt.Count} tokens; the context of '{model.Id}' holds {model.ContextLength}, answer included. Shorten the prompt.")
                { Param = param, Code = "context_length_exceeded" };
        }
    }

    public int Count => prompts.Count * perPrompt;

    /// <summary>Tokens so far; each prompt counts once, however many choices continue it.</summary>
    public Usage Usage
    {
        get
        {
            var promptTokens = prompts.Sum(p => p.Count);
            return new Usage(promptTokens, completionTokens, promptTokens + completionTokens, new(cached.Sum()));
        }
    }

    public async IAsyncEnumerable<ChoiceStep> RunAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var choice = 0; choice < Count; choice++)
        {
            if (request is { MaxTokens: 0, PromptLogprobs: false })
            {
                yield return new ChoiceStep(choice, "", [], FinishReason.Length);
                continue;
            }
            var logprobs = request.TopLogprobs is null ? null : new LogprobQueue(model.Tokenizer);
            await foreach (var piece in model.GenerateAsync(RequestOf(choice), cancellation).WithCancellation(cancellation))
            {
                if (piece.Token is not null) completionTokens++;
                if (choice % perPrompt == 0) cached[choice / perPrompt] = piece.CachedTokens;
                yield return new ChoiceStep(choice, piece.Text, logprobs?.Take(piece) ?? [], piece.Finish, piece.Prompt);
            }
        }
    }

    // With a seed, choices of a prompt draw from neighbouring seeds: repeatable, and not all the same.
    GenerationRequest RequestOf(int choice)
    {
        var sampling = request.Sampling;
        if (sampling.Seed is { } seed) sampling = sampling with { Seed = unchecked(seed + (ulong)(choice % perPrompt)) };
        return request with { Prompt = prompts[choice / perPrompt], Sampling = sampling };
    }
}
