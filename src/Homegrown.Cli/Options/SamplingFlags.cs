using System.CommandLine;
using Homegrown.Engine;
using Homegrown.Engine.Sampling;

namespace Homegrown.Cli.Options;

/// <summary>How to draw tokens and when to stop: the options of run and chat. Names and defaults are llama.cpp's.</summary>
sealed class SamplingFlags
{
    readonly Option<int> count = Numbers.AtLeast("--max-tokens", -1, "Most tokens to generate; -1 goes on to the end.", -1);
    readonly Option<float> temperature = Numbers.AtLeast("--temp", 0f, "Temperature; 0 always takes the most probable token.", 0.8f);
    readonly Option<int> topK = Numbers.AtLeast("--top-k", 0, "Keep the N most probable tokens; 0 keeps all.", 40);
    readonly Option<float> topP = Numbers.Between("--top-p", 0f, 1f, "Keep the smallest set of this probability; 1 keeps all.", 0.95f);
    readonly Option<float> minP = Numbers.Between("--min-p", 0f, 1f, "Keep tokens this probable relative to the best; 0 keeps all.", 0.05f);
    readonly Option<float> typical = Numbers.Between("--typical", 0f, 1f, "Locally typical sampling; 1 keeps all.", 1f);
    readonly Option<float> sigma = Numbers.AtLeast("--top-n-sigma", -1f, "Keep logits within N standard deviations of the best; -1 keeps all.", -1f);
    readonly Option<float> xtc = Numbers.Between("--xtc-probability", 0f, 1f, "How often to drop all but the least of the probable tokens; 0 is off.", 0f);
    readonly Option<float> xtcThreshold = Numbers.Between("--xtc-threshold", 0f, 1f, "What XTC calls probable; above 0.5 it is off.", 0.1f);
    readonly Option<float> dynamicRange = Numbers.AtLeast("--dynatemp-range", 0f, "How far the temperature follows the entropy; 0 is off.", 0f);
    readonly Option<float> dynamicExponent = Numbers.AtLeast("--dynatemp-exp", 0f, "Bends that curve; 1 is linear.", 1f);
    readonly Option<int> mirostat = Numbers.Between("--mirostat", 0, 2, "Mirostat 1 or 2, in place of what else cuts; 0 is off.", 0);
    readonly Option<float> mirostatTau = Numbers.AtLeast("--mirostat-ent", 0f, "Mirostat's target surprise (tau), bits.", 5f);
    readonly Option<float> mirostatEta = Numbers.Between("--mirostat-lr", 0f, 1f, "Mirostat's learning rate (eta).", 0.1f);
    readonly Option<float> adaptive = Numbers.Between("--adaptive-target", -1f, 1f, "Probability that drawn tokens have on average; -1 is off.", -1f);
    readonly Option<float> adaptiveDecay = Numbers.Between("--adaptive-decay", 0f, 0.99f, "How slowly adaptive-p forgets.", 0.9f);
    readonly Option<float> repeat = Numbers.AtLeast("--repeat-penalty", 0f, "Divide the logits of recent tokens; 1 is off.", 1f);
    readonly Option<int> recent = Numbers.AtLeast("--repeat-last-n", -1, "How many tokens are recent; -1 means all.", 64);
    readonly Option<float> frequency = Numbers.Between("--frequency-penalty", -2f, 2f, "Taken from the logits of recent tokens, each time.", 0f);
    readonly Option<float> presence = Numbers.Between("--presence-penalty", -2f, 2f, "Taken from the logits of recent tokens, once.", 0f);
    readonly DryFlags dry = new();
    readonly Option<ulong?> seed = new("--seed") { Description = "Make the draw repeatable.", HelpName = "N" };
    readonly Option<string[]> stop = new("--stop") { Description = "Stop before this text; may be given several times.", HelpName = "TEXT" };
    readonly Option<bool> ignoreEnd = new("--ignore-eos") { Description = "Go on past the end-of-text token." };

    SamplingFlags(Verb verb)
    {
        count.Aliases.Add("-n");
        typical.Aliases.Add("--typical-p");
        sigma.Aliases.Add("--top-nsigma");
        foreach (var option in (IEnumerable<Option>)
        [
            count, temperature, topK, topP, minP, typical, sigma, xtc, xtcThreshold, repeat, recent, frequency, presence, .. dry.All,
            dynamicRange, dynamicExponent, mirostat, mirostatTau, mirostatEta, adaptive, adaptiveDecay, seed, stop, ignoreEnd,
        ])
            verb.Add(option);
    }

    public static SamplingFlags AddTo(Verb verb) => new(verb);

    public GenerationRequest Request(ParseResult parsed, IReadOnlyList<int> prompt) => new()
    {
        Prompt = prompt,
        Sampling = new SamplingOptions
        {
            Temperature = parsed.GetValue(temperature),
            TopK = parsed.GetValue(topK),
            TopP = parsed.GetValue(topP),
            MinP = parsed.GetValue(minP),
            TypicalP = parsed.GetValue(typical),
            TopNSigma = parsed.GetValue(sigma),
            XtcProbability = parsed.GetValue(xtc),
            XtcThreshold = parsed.GetValue(xtcThreshold),
            RepeatPenalty = parsed.GetValue(repeat),
            PenaltyLastN = parsed.GetValue(recent),
            FrequencyPenalty = parsed.GetValue(frequency),
            PresencePenalty = parsed.GetValue(presence),
            Dry = dry.Options(parsed),
            DynamicTemperatureRange = parsed.GetValue(dynamicRange),
            DynamicTemperatureExponent = parsed.GetValue(dynamicExponent),
            Mirostat = parsed.GetValue(mirostat),
            MirostatTau = parsed.GetValue(mirostatTau),
            MirostatEta = parsed.GetValue(mirostatEta),
            AdaptiveTarget = parsed.GetValue(adaptive),
            AdaptiveDecay = parsed.GetValue(adaptiveDecay),
            Seed = parsed.GetValue(seed),
        },
        MaxTokens = parsed.GetValue(count) is >= 0 and var most ? most : null,
        Stop = parsed.GetValue(stop) ?? [],
        IgnoreEnd = parsed.GetValue(ignoreEnd),
    };
}
