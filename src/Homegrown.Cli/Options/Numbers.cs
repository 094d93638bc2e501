using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace Homegrown.Cli.Options;

/// <summary>Options that are numbers in a range, checked while parsing.</summary>
static class Numbers
{
    public static Option<T> AtLeast<T>(string name, T least, string description, T? value = null)
        where T : struct, INumber<T>, IMinMaxValue<T>
        => Between(name, least, T.MaxValue, description, value ?? T.Zero);

    public static Option<T> Between<T>(string name, T least, T most, string description, T value)
        where T : struct, INumber<T>, IMinMaxValue<T>
    {
        var option = new Option<T>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            // A value that is no number is reported by the parser itself.
            if (result.Tokens is not [var token, ..] || !T.TryParse(token.Value, null, out var given)) return;
            if (given >= least && given <= most) return;
            var range = most == T.MaxValue ? $"{least} or more" : $"{least} to {most}";
            result.AddError($"{name} is {given}; it must be {range}.");
        });
        return option;
    }

    /// <summary>Numbers with commas between.</summary>
    public static Option<int[]> List(string name, int least, string description, params int[] values)
    {
        var option = new Option<int[]>(name) { Description = description, HelpName = "N,N", DefaultValueFactory = _ => values };
        option.CustomParser = result =>
        {
            var words = result.Tokens is [.., var token] ? token.Value.Split(',') : [];
            var numbers = new int[words.Length];
            for (var i = 0; i < words.Length; i++)
            {
                if (int.TryParse(words[i], NumberStyles.None, null, out numbers[i]) && numbers[i] >= least) continue;
                result.AddError($"{name}: '{words[i]}' is not a whole number of {least} or more.");
                return null;
            }

            return numbers;
        };
        return option;
    }
}
