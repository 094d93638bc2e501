using System.CommandLine;
using Homegrown.Engine;
using Homegrown.Kernels;

namespace Homegrown.Cli.Options;

/// <summary>MODEL and how to compute with it, for verbs that read texts whole.</summary>
sealed class EncoderOptions
{
    readonly Terminal terminal;
    readonly Argument<string> model = new("MODEL") { Description = "A folder with a config.json, a GGUF file or an installed name ('homegrown list').", HelpName = "MODEL" };
    readonly Option<int> threads = Numbers.AtLeast("--threads", 0, "Threads that compute; 0 takes what the machine gives.");
    readonly Option<bool> exact = new("--exact") { Description = "Compute with float32 weights and activations." };
    readonly Option<string?> tier = new("--tier") { Description = "Force the kernels of one tier (default: the best here).", HelpName = "reference|portable|emitted|amx" };
    readonly Option<bool> truncate = new("--truncate") { Description = "Cut off the end of a text that is too long (default: it is an error)." };
    readonly Option<bool> json = new("--json") { Description = "Print one JSON object a line." };

    EncoderOptions(Terminal terminal, Verb verb)
    {
        this.terminal = terminal;
        model.CompletionSources.Add(_ => ModelStore.Of(terminal).List().Select(known => known.Name));
        tier.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, [.. Enum.GetNames<Tier>().Select(name => name.ToLowerInvariant())]);
        verb.Add(model);
        foreach (var option in (ReadOnlySpan<Option>)[truncate, json, exact, threads, tier]) verb.Add(option);
    }

    public static EncoderOptions AddTo(Verb verb, Terminal terminal) => new(terminal, verb);

    public bool Truncate(ParseResult parsed) => parsed.GetValue(truncate);

    public bool Json(ParseResult parsed) => parsed.GetValue(json);

    /// <param name="load">Opens the model at a path.</param>
    /// <exception cref="UsageException">There is no such model.</exception>
    public T Load<T>(ParseResult parsed, Func<string, EngineOptions, T> load)
    {
        var path = ModelStore.Of(terminal).Resolve(parsed.GetRequiredValue(model));
        using var progress = new ProgressLine(terminal, $"loading {Path.GetFileName(path)}", quiet: Json(parsed));
        return load(path, new()
        {
            Threads = parsed.GetValue(threads),
            Exact = parsed.GetValue(exact),
            Tier = parsed.GetValue(tier) is { } name ? Enum.Parse<Tier>(name, ignoreCase: true) : null,
        });
    }
}
