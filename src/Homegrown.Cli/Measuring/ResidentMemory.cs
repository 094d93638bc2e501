using System.Diagnostics;

namespace Homegrown.Cli.Measuring;

/// <summary>Bytes of this process that are in memory, pages of mapped files included.</summary>
/// <param name="Most">That ever were.</param>
/// <param name="File">Of the model's files, to compare.</param>
readonly record struct ResidentMemory(long Bytes, long Most, long File)
{
    public static ResidentMemory Now(long file)
    {
        using var self = Process.GetCurrentProcess();
        return new(self.WorkingSet64, self.PeakWorkingSet64, file);
    }
}
