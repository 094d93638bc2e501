using System.CommandLine;
using Homegrown.Engine;
using Homegrown.Engine.Models;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Quant;

namespace Homegrown.Cli.Options;

/// <summary>MODEL and how to compute with it: the arguments of every verb that runs a model.</summary>
sealed class ModelOptions
{
    readonly Terminal terminal;
    readonly Argument<string?> model;
    readonly Option<int>? threads;
    readonly Option<int> context = Numbers.AtLeast("--ctx", 0, "Positions of the context; 0 takes the model's own length.");
    readonly Option<bool> exact = new("--exact") { Description = "Compute with float32 weights, activations and cache." };
    readonly Option<string?> cacheType = CacheTypeOption();
    readonly Option<string?> weights = new("--weights") { Description = "Round larger weights to this type while loading (default: as the file has them).", HelpName = "q8_0|q6_k|q4_k|..." };
    readonly Option<string?> tier = new("--tier") { Description = "Force the kernels of one tier (default: the best here).", HelpName = "reference|portable|emitted|amx" };

    ModelOptions(Terminal terminal, Verb verb, bool withThreads)
    {
        this.terminal = terminal;
        model = Argument(terminal);
        tier.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, Names<Tier>());
        weights.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, [.. Enum.GetValues<TensorType>().Where(WeightRounding.CanRoundTo).Select(type => type.ToString().ToLowerInvariant())]);
        verb.Add(model);
        if (withThreads) verb.Add(threads = Numbers.AtLeast("--threads", 0, "Threads that compute; 0 takes what the machine gives."));
        foreach (var option in (ReadOnlySpan<Option>)[context, exact, weights, cacheType, tier]) verb.Add(option);
    }

    /// <param name="withThreads">Adds --threads; otherwise the verb has one of its own.</param>
    public static ModelOptions AddTo(Verb verb, Terminal terminal, bool withThreads = true) => new(terminal, verb, withThreads);

    /// <summary>The MODEL argument alone, for verbs that only read the file.</summary>
    public static Argument<string?> Argument(Terminal terminal)
    {
        var model = new Argument<string?>("MODEL")
        {
            Description = $"A GGUF file or an installed name ('homegrown list'); without it, the embedded {ModelStore.DefaultName}.",
            Arity = ArgumentArity.ZeroOrOne,
            HelpName = "MODEL",
        };
        model.CompletionSources.Add(_ => ModelStore.Of(terminal).List().Select(known => known.Name));
        return model;
    }

    /// <summary>--cache-type alone.</summary>
    public static Option<string?> CacheTypeOption()
    {
        var option = new Option<string?>("--cache-type") { Description = "How keys and values are kept (default: f16, or f32 with --exact).", HelpName = "f16|q8_0|q4_0|f32" };
        option.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, Names<KvType>());
        return option;
    }

    /// <summary>The type that --cache-type names.</summary>
    public static KvType? CacheType(string? name) => Value<KvType>(name);

    /// <param name="quiet">Shows no progress: the results go to a program, or the verb shows its own.</param>
    /// <param name="change">What a verb sets besides.</param>
    public LocalModel Load(ParseResult parsed, bool quiet = false, Func<EngineOptions, EngineOptions>? change = null)
    {
        var path = Resolve(parsed);
        using var progress = new ProgressLine(terminal, $"loading {Path.GetFileName(path)}", quiet: quiet);
        return LocalModel.Load(path, change?.Invoke(Settings(parsed)) ?? Settings(parsed));
    }

    /// <summary>MODEL was given.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(model) is not null;

    /// <summary>The file of MODEL.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public string Resolve(ParseResult parsed) => ModelStore.Of(terminal).Resolve(parsed.GetValue(model));

    /// <summary>How to compute.</summary>
    public EngineOptions Settings(ParseResult parsed) => new()
    {
        Threads = threads is null ? 0 : parsed.GetValue(threads),
        ContextLength = parsed.GetValue(context),
        Exact = parsed.GetValue(exact),
        WeightType = Value<TensorType>(parsed.GetValue(weights)),
        CacheType = CacheType(parsed.GetValue(cacheType)),
        Tier = Value<Tier>(parsed.GetValue(tier)),
    };

    static string[] Names<T>()
        where T : struct, Enum
        => [.. Enum.GetNames<T>().Select(name => name.ToLowerInvariant())];

    static T? Value<T>(string? name)
        where T : struct, Enum
        => name is null ? null : Enum.Parse<T>(name, ignoreCase: true);
}
