using System.Runtime.InteropServices;

namespace Homegrown.Cli.Measuring;

/// <summary>What a measurement was taken on.</summary>
static class Machine
{
    /// <summary>The processor as the system calls it.</summary>
    public static string Processor()
    {
        const string info = "/proc/cpuinfo";
        var line = File.Exists(info) ? File.ReadLines(info).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':') + 1)..].Trim()
            ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER")
            ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
