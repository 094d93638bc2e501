using System.Diagnostics;
using Homegrown.Testing;

namespace Homegrown.Cli.Tests.Commands;

/// <summary>The script in the shell that it is for.</summary>
public sealed class CompletionTests
{
    /// <summary>Completes each line of the input as Tab at its end would, and prints what is offered, a line for each.</summary>
    const string Tab = """
        source <(homegrown completion bash)
        [[ $(complete -p homegrown) == *"-F _homegrown homegrown" ]] || exit 3
        while IFS= read -r COMP_LINE; do
            read -ra COMP_WORDS <<<"$COMP_LINE"
            [[ $COMP_LINE == *" " ]] && COMP_WORDS+=("")
            COMP_POINT=${#COMP_LINE} COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _homegrown
            echo "${COMPREPLY[*]}"
        done
        """;

    [Fact]
    public void Bash_completes_verbs_options_values_and_models_and_runs_no_name()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || !File.Exists("/bin/bash"), "there is no bash");
        var models = Directory.CreateTempSubdirectory();
        try
        {
            var trap = Path.Combine(models.FullName, "trap");
            File.WriteAllText(Path.Combine(models.FullName, "tiny one.gguf"), "");
            File.WriteAllText(Path.Combine(models.FullName, "tinz$(touch trap).gguf"), "");
            var offered = Complete(models.FullName, "homegrown c", "homegrown chat --te", "homegrown run --tier po", "homegrown inspect smol", "homegrown chat tiny", "homegrown chat tinz");
            Assert.Equal(["chat completion", "--temp", "portable", "smollm2-135m", @"tiny\ one", @"tinz\$\(touch\ trap\)"], offered);
            Assert.False(File.Exists(trap));
        }
        finally
        {
            models.Delete(recursive: true);
        }
    }

    static string[] Complete(string models, params string[] lines)
    {
        var start = new ProcessStartInfo("/bin/bash", ["-c", Tab]) { RedirectStandardInput = true, RedirectStandardOutput = true, WorkingDirectory = models };
        start.Environment["PATH"] = $"{Repository.Root}:{start.Environment["PATH"]}";
        start.Environment["HOMEGROWN_MODELS"] = models;
        using var bash = Process.Start(start)!;
        foreach (var line in lines) bash.StandardInput.WriteLine(line);
        bash.StandardInput.Close();
        var output = bash.StandardOutput.ReadToEnd();
        bash.WaitForExit();
        Assert.Equal(0, bash.ExitCode);
        return output.TrimEnd('\n').Split('\n');
    }
}
