using System.Globalization;
using System.Text.Json;
using Homegrown.Engine.Chat;
using Homegrown.Engine.Sampling;
using Microsoft.Extensions.AI;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Homegrown.Engine.Library;

/// <summary>Between the terms of Microsoft.Extensions.AI and the engine's.</summary>
static class ChatMapping
{
    /// <summary>The conversation, the options' instructions before it.</summary>
    /// <exception cref="NotSupportedException">A content is no text, or the options ask for tools, JSON or a conversation kept elsewhere.</exception>
    public static ChatPrompt Prompt(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        if (options?.Tools is { Count: > 0 }) throw new NotSupportedException("This client calls no tools; leave Tools empty.");
        if (options?.ResponseFormat is ChatResponseFormatJson) throw new NotSupportedException("This client answers in text; ask for no JSON response format.");
        if (options?.ConversationId is not null) throw new NotSupportedException("This client keeps no conversations; leave ConversationId empty.");
        IEnumerable<ChatMessage> all = options?.Instructions is { } instructions ? [new(ChatRole.System, instructions), .. messages] : messages;
        return new ChatPrompt { Messages = [.. all.Select(m => new Chat.ChatMessage { Role = m.Role.Value, Content = TextOf(m) })] };
    }

    /// <summary>The request for an encoded prompt.</summary>
    /// <exception cref="SamplingOptionException">A parameter is not a number or outside its range.</exception>
    public static GenerationRequest Request(IReadOnlyList<int> prompt, ChatOptions? options)
    {
        var neutral = new SamplingOptions();
        T Extra<T>(string name, T otherwise) => options?.AdditionalProperties?.TryGetValue(name, out var value) == true ? Number<T>(name, value) : otherwise;
        var sampling = new SamplingOptions
        {
            Temperature = options?.Temperature ?? neutral.Temperature,
            TopP = options?.TopP ?? neutral.TopP,
            TopK = options?.TopK ?? neutral.TopK,
            FrequencyPenalty = options?.FrequencyPenalty ?? neutral.FrequencyPenalty,
            PresencePenalty = options?.PresencePenalty ?? neutral.PresencePenalty,
            Seed = unchecked((ulong?)options?.Seed),
            MinP = Extra("min_p", neutral.MinP),
            TypicalP = Extra("typical_p", neutral.TypicalP),
            RepeatPenalty = Extra("repeat_penalty", neutral.RepeatPenalty),
            PenaltyLastN = Extra("repeat_last_n", neutral.PenaltyLastN),
            TopNSigma = Extra("top_n_sigma", neutral.TopNSigma),
            XtcProbability = Extra("xtc_probability", neutral.XtcProbability),
            XtcThreshold = Extra("xtc_threshold", neutral.XtcThreshold),
            Mirostat = Extra("mirostat", neutral.Mirostat),
            MirostatTau = Extra("mirostat_tau", neutral.MirostatTau),
            MirostatEta = Extra("mirostat_eta", neutral.MirostatEta),
            Dry = new DryOptions
            {
                Multiplier = Extra("dry_multiplier", neutral.Dry.Multiplier),
                Base = Extra("dry_base", neutral.Dry.Base),
                AllowedLength = Extra("dry_allowed_length", neutral.Dry.AllowedLength),
                LastN = Extra("dry_penalty_last_n", neutral.Dry.LastN),
            },
        };
        sampling.Validate();
        return new GenerationRequest { Prompt = prompt, Sampling = sampling, MaxTokens = options?.MaxOutputTokens, Stop = [.. options?.StopSequences ?? []] };
    }

    /// <summary>The reason in the library's terms; null while the answer goes on.</summary>
    public static ChatFinishReason? Finish(FinishReason? reason) => reason switch
    {
        null => null,
        FinishReason.Stop => ChatFinishReason.Stop,
        FinishReason.Length => ChatFinishReason.Length,
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "Unknown finish reason."),
    };

    /// <summary>Counts in tokens.</summary>
    public static UsageDetails Usage(long input, long output) =>
        new() { InputTokenCount = input, OutputTokenCount = output, TotalTokenCount = input + output };

    static string TextOf(ChatMessage message) =>
        message.Contents.FirstOrDefault(c => c is not (TextContent or UsageContent)) is { } other
            ? throw new NotSupportedException($"A {message.Role.Value} message holds {other.GetType().Name}; this client reads text only.")
            : message.Text;

    static T Number<T>(string name, object? value)
    {
        try
        {
            return (T)Convert.ChangeType(value is JsonElement json ? json.GetRawText() : value, typeof(T), CultureInfo.InvariantCulture)!;
        }
        catch (Exception error) when (error is FormatException or InvalidCastException or OverflowException)
        {
            throw new SamplingOptionException(name, $"{name} is {value}; it must be a number.");
        }
    }
}
