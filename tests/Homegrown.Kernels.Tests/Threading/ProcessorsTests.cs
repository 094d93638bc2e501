using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels.Tests.Threading;

/// <summary>The count is read from files, so a folder with such files is a machine.</summary>
public sealed class ProcessorsTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("homegrown-processors-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    void Write(string file, string text)
    {
        var path = Path.Combine(root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text + "\n");
    }

    [Fact]
    public void Without_any_file_the_count_is_the_processors() => Assert.Equal(6, Processors.Count(root, 6));

    [Theory]
    [InlineData("250000 100000", 2)]
    [InlineData("50000 100000", 1)]
    [InlineData("max 100000", 6)]
    [InlineData("800000 100000", 6)]
    [InlineData("nonsense", 6)]
    public void A_quota_of_version_2_is_rounded_down_but_not_below_one(string max, int expected)
    {
        Write("proc/self/cgroup", "0::/");
        Write("sys/fs/cgroup/cpu.max", max);
        Assert.Equal(expected, Processors.Count(root, 6));
    }

    [Fact]
    public void The_tightest_of_the_ancestors_counts()
    {
        Write("proc/self/cgroup", "0::/slice/pod/container");
        Write("sys/fs/cgroup/slice/cpu.max", "300000 100000");
        Write("sys/fs/cgroup/slice/pod/container/cpu.max", "max 100000");
        Assert.Equal(3, Processors.Count(root, 6));
    }

    [Fact]
    public void A_quota_of_version_1_counts()
    {
        Write("proc/self/cgroup", "4:memory:/x\n3:cpu,cpuacct:/docker/abc");
        Write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "390000");
        Write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000");
        Assert.Equal(3, Processors.Count(root, 6));
    }

    [Fact]
    public void No_quota_of_version_1_is_minus_one()
    {
        Write("proc/self/cgroup", "1:cpu:/");
        Write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1");
        Write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");
        Assert.Equal(6, Processors.Count(root, 6));
    }

    [Fact]
    public void Siblings_of_a_core_count_once_and_only_where_we_may_run()
    {
        Write("proc/self/status", "Name:\tx\nCpus_allowed:\t3f\nCpus_allowed_list:\t0-2,4");
        for (var cpu = 0; cpu < 8; cpu++) Write($"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list", $"{cpu % 4},{(cpu % 4) + 4}");
        Assert.Equal(3, Processors.Count(root, 8));
    }

    [Fact]
    public void This_machine_has_at_least_one() => Assert.InRange(Processors.Available, 1, Environment.ProcessorCount);
}
