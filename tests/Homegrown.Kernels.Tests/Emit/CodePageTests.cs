using System.Globalization;
using Homegrown.Kernels.Emit;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Homegrown.Kernels.Tests.Emit;

/// <summary>Machine code in memory: its protection, and that it is assembled once.</summary>
public sealed unsafe class CodePageTests
{
    static readonly bool IsX64 = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64;

    /// <summary>Counts <see cref="ProductCall.Listed"/> down, in instructions that every x64 processor has.</summary>
    static CodePage CountDown()
    {
        var a = new Assembler(64);
        Platform.Enter(a);
        a.dec(__qword_ptr[rdi + ProductCall.ListedAt]);
        Platform.Leave(a);
        return new(a);
    }

    [Fact]
    public void Code_is_executable_and_no_longer_writable()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc/self/maps");
        using var page = CountDown();
        Assert.Equal("r-xp", Protection((ulong)page.Address));
        Assert.Equal(page.Code, new Span<byte>(page.Address, page.Code.Length).ToArray());
    }

    /// <summary>A line begins with start-end, hexadecimal, and r, w, x or -, and p for private.</summary>
    static string Protection(ulong address)
    {
        foreach (var line in File.ReadLines("/proc/self/maps"))
        {
            var fields = line.Split(' ', '-');
            var (start, end) = (ulong.Parse(fields[0], NumberStyles.HexNumber, null), ulong.Parse(fields[1], NumberStyles.HexNumber, null));
            if (address >= start && address < end) return line.Split(' ')[1];
        }

        return "not mapped";
    }

    [Fact]
    public void A_page_holds_the_bytes_that_it_is_made_from()
    {
        Assert.SkipUnless(IsX64, "runs x64 code");
        using var first = CountDown();
        using var page = new CodePage(first.Code);
        var call = new ProductCall { Listed = 5 };
        ((delegate* unmanaged<ProductCall*, void>)page.Address)(&call);
        Assert.Equal(4, call.Listed);
    }

    [Fact]
    public void A_page_can_be_disposed_twice()
    {
        var page = CountDown();
        page.Dispose();
        page.Dispose();
        Assert.True(page.Address == null);
    }

    [Fact]
    public void Threads_that_need_a_kernel_at_once_get_one_page()
    {
        Assert.SkipUnless(IsX64, "runs x64 code");
        const int Threads = 2, Tokens = 3;
        var pages = new List<CodePage>();
        using var ready = new CountdownEvent(Threads);
        var kernels = new EmittedKernels(tokens =>
        {
            Assert.Equal(Tokens, tokens);
            ready.Wait();   // assembled when the other thread, too, is about to ask
            var page = CountDown();
            lock (pages) pages.Add(page);
            return page;
        });
        var left = new long[Threads];
        var threads = Enumerable.Range(0, Threads).Select(i => new Thread(() =>
        {
            var call = new ProductCall { Listed = 10 + i };
            ready.Signal();
            kernels.Run(Tokens, &call);
            kernels.Run(Tokens, &call);
            left[i] = call.Listed;
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        Assert.Single(pages).Dispose();
        Assert.Equal([8, 9], left);
    }

    [Fact]
    public void Forcing_the_emitted_tier_on_narrow_vectors_is_refused()
    {
        var error = Assert.Throws<PlatformNotSupportedException>(() => new Compute(new() { Tier = Tier.Emitted, MaxVectorBits = 256 }));
        Assert.Contains("AVX-512 VNNI and 512-bit vectors", error.Message, StringComparison.Ordinal);
        using var compute = new Compute(new() { MaxVectorBits = 256 });
        Assert.Equal(Tier.Portable, compute.Tier);
    }
}
