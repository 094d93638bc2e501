namespace Homegrown.Engine.Sampling;

/// <summary>No token can be drawn: the logits are not numbers, or nothing is left to draw from.</summary>
public sealed class SamplingException(string message) : Exception(message);

/// <summary>A sampling parameter outside its range.</summary>
/// <param name="parameter">The parameter as the APIs and the command line spell it: top_p.</param>
/// <param name="message">One line that names the parameter, the value and the allowed range.</param>
public sealed class SamplingOptionException(string parameter, string message) : Exception(message)
{
    /// <summary>The parameter as the APIs and the command line spell it: top_p.</summary>
    public string Parameter { get; } = parameter;
}
