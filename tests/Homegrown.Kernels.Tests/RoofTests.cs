namespace Homegrown.Kernels.Tests;

public sealed class RoofTests
{
    [Fact]
    public void Memory_is_read_at_some_speed()
    {
        using var compute = new Compute(new() { Threads = 2 });
        Assert.InRange(Roof.ReadBytesPerSecond(compute, passes: 1), 1e6, 1e13);
    }

    [Fact]
    public void Instructions_of_products_have_rates()
    {
        using var compute = new Compute(new() { Threads = 2 });
        foreach (var (instruction, rate) in Roof.OperationsPerSecond(compute, passes: 1))
        {
            Assert.NotEmpty(instruction);
            Assert.InRange(rate, 1e8, 1e15);
        }
    }
}
