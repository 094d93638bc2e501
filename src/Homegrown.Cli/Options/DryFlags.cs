using System.CommandLine;
using Homegrown.Engine.Sampling;

namespace Homegrown.Cli.Options;

/// <summary>The options of DRY, which keeps an answer from repeating what was said.</summary>
sealed class DryFlags
{
    const string None = "none";

    static readonly DryOptions defaults = new();

    readonly Option<float> multiplier = Numbers.AtLeast("--dry-multiplier", 0f, "What a token loses that goes on with a repetition (DRY); 0 is off.", defaults.Multiplier);
    readonly Option<float> growth = Numbers.AtLeast("--dry-base", 1f, "The loss grows by this factor with each token of the repetition.", defaults.Base);
    readonly Option<int> allowed = Numbers.AtLeast("--dry-allowed-length", 0, "Repetitions shorter than this cost nothing.", defaults.AllowedLength);
    readonly Option<int> lastN = Numbers.AtLeast("--dry-penalty-last-n", -1, "How many tokens DRY looks at; -1 means all.", defaults.LastN);
    readonly Option<string[]> breakers = new("--dry-sequence-breaker")
    {
        Description = $"A text that a repetition does not cross; may be given several times, '{None}' for none. Line break, colon, quotation mark and star otherwise.",
        HelpName = "TEXT",
    };

    public IEnumerable<Option> All => [multiplier, growth, allowed, lastN, breakers];

    public DryOptions Options(ParseResult parsed) => new()
    {
        Multiplier = parsed.GetValue(multiplier),
        Base = parsed.GetValue(growth),
        AllowedLength = parsed.GetValue(allowed),
        LastN = parsed.GetValue(lastN),
        Breakers = parsed.GetValue(breakers) switch
        {
            null or [] => DryOptions.UsualBreakers,
            var given => [.. given.Where(text => text != None)],
        },
    };
}
