using System.Globalization;

namespace Homegrown.Kernels.Threading;

/// <summary>
/// How many threads may compute at once: physical cores that this process may use (siblings of a core share its multipliers
/// and only take turns), and no more than the control group's quota. The runtime's count rounds a quota up, and a thread more
/// than the quota has the whole group stopped for the rest of every period, so here it is rounded down.
/// </summary>
static class Processors
{
    /// <summary>Threads to compute with, at least 1.</summary>
    public static int Available { get; } = OperatingSystem.IsLinux() ? Count("/", Environment.ProcessorCount) : Environment.ProcessorCount;

    /// <summary>The count from the files below <paramref name="root"/>; what is absent or unreadable there does not limit.</summary>
    internal static int Count(string root, int processors)
    {
        var cores = Cores(root);
        var count = Math.Min(Math.Min(processors, cores > 0 ? cores : processors), Quota(root));
        return Math.Max(1, (int)count);
    }

    /// <summary>Different cores among the processors that the scheduler may put us on; 0 if the system does not say.</summary>
    static int Cores(string root)
    {
        var allowed = Lines(root, "proc/self/status").FirstOrDefault(line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal));
        if (allowed is null) return 0;
        var cores = new HashSet<string>();
        foreach (var processor in Ranges(allowed[(allowed.IndexOf(':') + 1)..]))
        {
            var folder = $"sys/devices/system/cpu/cpu{processor}/topology/";
            var siblings = Lines(root, folder + "thread_siblings_list").FirstOrDefault();
            if (siblings is null) return 0;
            cores.Add(siblings);
        }

        return cores.Count;
    }

    /// <summary>The numbers of a list such as "0-3,8".</summary>
    static IEnumerable<int> Ranges(string list)
    {
        foreach (var range in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = range.Split('-');
            if (!int.TryParse(ends[0], out var first) || !int.TryParse(ends[^1], out var last)) yield break;
            for (var i = first; i <= last && i < 1 << 16; i++) yield return i;
        }
    }

    /// <summary>Processors' worth of time that the tightest of our control groups grants.</summary>
    static double Quota(string root)
    {
        var least = double.PositiveInfinity;
        foreach (var line in Lines(root, "proc/self/cgroup"))
        {
            // "hierarchy:controllers:/path"; version 2 has hierarchy 0 and no controllers.
            var fields = line.Split(':', 3);
            if (fields.Length < 3) continue;
            var second = fields[0] == "0";
            if (!second && !fields[1].Split(',').Contains("cpu")) continue;
            var mounts = second ? ["sys/fs/cgroup", "sys/fs/cgroup/unified"] : new[] { "sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct" };
            // In a container the path may name the host's tree, of which only the end is mounted here: every ancestor is asked.
            for (var path = fields[2].Trim('/'); ; path = Parent(path))
            {
                foreach (var mount in mounts) least = Math.Min(least, second ? Version2(root, $"{mount}/{path}") : Version1(root, $"{mount}/{path}"));
                if (path.Length == 0) break;
            }
        }

        return least;
    }

    static string Parent(string path) => path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : "";

    /// <summary>"quota period" in microseconds, or "max period".</summary>
    static double Version2(string root, string folder)
    {
        var fields = (Lines(root, $"{folder}/cpu.max").FirstOrDefault() ?? "").Split(' ');
        return fields.Length == 2 ? Ratio(fields[0], fields[1]) : double.PositiveInfinity;
    }

    static double Version1(string root, string folder)
        => Ratio(Lines(root, $"{folder}/cpu.cfs_quota_us").FirstOrDefault(), Lines(root, $"{folder}/cpu.cfs_period_us").FirstOrDefault());

    static double Ratio(string? quota, string? period)
        => long.TryParse(quota, CultureInfo.InvariantCulture, out var q) && long.TryParse(period, CultureInfo.InvariantCulture, out var p) && q > 0 && p > 0
            ? Math.Floor((double)q / p)
            : double.PositiveInfinity;

    static string[] Lines(string root, string file)
    {
        try
        {
            return File.ReadAllLines(Path.Combine(root, file));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
