using System.Diagnostics;
using System.Text;
using Homegrown.Testing;

namespace Homegrown.Cli.Tests;

public sealed class LauncherTests
{
    [Fact]
    public void The_launcher_passes_arguments_output_and_exit_code_through()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "homegrown is a POSIX shell script");
        var (code, output, error) = Start("list", "--json");
        Assert.Equal(0, code);
        Assert.Contains("\"smollm2-135m\"", output);
        Assert.Equal("", error);
        (code, output, error) = Start("run", "no such model", "-p", "x");
        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith("homegrown: no model 'no such model'", error);
    }

    [Theory]
    [InlineData("run", "-p", "Once upon a time", "--ignore-eos")]
    [InlineData("chat", "-p", "Tell me a long story.", "--ignore-eos")]
    [InlineData("chat", "--ignore-eos")]
    public void The_signal_of_Control_C_ends_it_with_code_130_and_leaves_what_was_written(params string[] arguments)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are those of POSIX");
        using var process = Launch(arguments);
        process.StandardInput.Write("Tell me a long story.\nAnd another.\n");
        process.StandardInput.Flush();
        var begun = new char[40];
        Assert.Equal(begun.Length, process.StandardOutput.ReadBlock(begun));
        using (var kill = Process.Start("kill", ["-INT", $"{process.Id}"])) kill.WaitForExit();
        var rest = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(130, process.ExitCode);
        Assert.EndsWith("\n", rest);
        Assert.DoesNotContain('\uFFFD', rest);
    }

    static Process Launch(params string[] arguments) => Process.Start(new ProcessStartInfo(Path.Combine(Repository.Root, "homegrown"), arguments)
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        RedirectStandardInput = true,
        StandardOutputEncoding = Encoding.UTF8,
    })!;

    static (int Code, string Out, string Error) Start(params string[] arguments)
    {
        using var process = Launch(arguments);
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
