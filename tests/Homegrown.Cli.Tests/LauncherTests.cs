using System.Diagnostics;
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

    static (int Code, string Out, string Error) Start(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(Repository.Root, "homegrown"), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        })!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
