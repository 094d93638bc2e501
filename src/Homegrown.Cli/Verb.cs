using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Homegrown.Cli;

/// <summary>A command whose help ends with examples.</summary>
/// <param name="examples">Whole command lines, with a word of comment where they need one.</param>
sealed class Verb(string name, string description, params string[] examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples { get; } = examples;
}

/// <summary>The usual help, then the verb's examples.</summary>
sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var code = usual.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        var examples = parseResult.CommandResult.Command is Verb verb
            ? verb.Examples
            : ["homegrown chat      talk to the model that comes along", "homegrown serve     the same behind an OpenAI-compatible API"];
        output.WriteLine("Examples:");
        foreach (var example in examples) output.WriteLine($"  {example}");
        output.WriteLine();
        return code;
    }
}
