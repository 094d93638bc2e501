namespace Homegrown.Engine.Chat;

/// <summary>A chat template that cannot be read or rendered, or that refuses the conversation (its own raise_exception).</summary>
public sealed class TemplateException : Exception
{
    /// <param name="problem">What is wrong, in one line; for a template's own refusal, the template's words.</param>
    /// <param name="line">Line of the template, from 1; 0 where it is not known.</param>
    public TemplateException(string problem, int line = 0, Exception? inner = null)
        : base(line == 0 ? $"chat template: {problem}" : $"chat template, line {line}: {problem}", inner) =>
        (Problem, Line) = (problem, line);

    /// <summary>What is wrong, without the place.</summary>
    public string Problem { get; }

    /// <summary>Line of the template, from 1; 0 where it is not known.</summary>
    public int Line { get; }
}
