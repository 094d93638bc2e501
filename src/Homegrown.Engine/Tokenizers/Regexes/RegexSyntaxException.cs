namespace Homegrown.Engine.Tokenizers.Regexes;

/// <summary>A pattern that is broken, or says what cannot be matched in linear time.</summary>
sealed class RegexSyntaxException(string pattern, int at, string problem)
    : Exception($"'{pattern}' at character {at}: {problem}");
