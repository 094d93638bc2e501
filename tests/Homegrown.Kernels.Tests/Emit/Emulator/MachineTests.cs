using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Homegrown.Kernels.Tests.Emit.Emulator;

/// <summary>Integer code runs, and what breaks the calling convention is an error that names the instruction.</summary>
public sealed unsafe class MachineTests
{
    static nint Run(Action<Assembler> write, params nint[] arguments)
    {
        using var machine = new Machine { StepLimit = 1000 };
        return machine.Run(CodeBytes.Of(write), arguments);
    }

    static void Fails(string message, Action<Assembler> write) =>
        Assert.Contains(message, Assert.Throws<MachineException>(() => Run(write)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_loop_sums_its_counter() => Assert.Equal(55, Run(c =>
    {
        var loop = c.CreateLabel();
        c.xor(eax, eax);
        c.Label(ref loop);
        c.add(rax, rdi);
        c.dec(rdi);
        c.jne(loop);
        c.ret();
    }, 10));

    [Fact]
    public void The_seventh_argument_lies_on_the_stack() => Assert.Equal(7, Run(c =>
    {
        c.push(rbx);
        c.mov(rbx, __[rsp + 16]);
        c.mov(rax, rbx);
        c.pop(rbx);
        c.ret();
    }, 1, 2, 3, 4, 5, 6, 7));

    [Theory]
    [InlineData(-5, 3, -5)]
    [InlineData(int.MinValue, int.MaxValue, int.MinValue)]
    [InlineData(9, 2, 2)]
    public void The_signed_lesser_is_moved(int a, int b, int lesser) => Assert.Equal(lesser, (int)Run(c =>
    {
        c.mov(eax, edi);
        c.cmp(esi, eax);
        c.cmovl(eax, esi);
        c.ret();
    }, a, b));

    [Fact]
    public void An_endless_loop_ends() => Fails("still running", c =>
    {
        var loop = c.CreateLabel();
        c.Label(ref loop);
        c.jmp(loop);
    });

    [Fact]
    public void A_saved_register_must_come_back() => Fails("RBX is not what the caller had", c => { c.mov(ebx, 1); c.ret(); });

    [Fact]
    public void Vectors_of_512_bits_are_left_through_vzeroupper() => Fails("no vzeroupper", c => { c.vpxord(zmm0, zmm0, zmm0); c.ret(); });

    [Fact]
    public void An_unknown_instruction_is_named() => Fails("cpuid", c => { c.cpuid(); c.ret(); });

    [Fact]
    public void The_stack_below_the_red_zone_is_not_used() => Fails("touches the stack", c => { c.mov(__[rsp - 256], rax); c.ret(); });

    [Fact]
    public void A_prefetch_reaches_memory_that_a_read_must_not()
    {
        static void Reach(Action<Assembler> touch)
        {
            using var machine = new Machine();
            var allowed = 0L;
            machine.Allow(&allowed, sizeof(long));
            machine.Run(CodeBytes.Of(c => { touch(c); c.ret(); }), (nint)(&allowed));
        }

        Reach(c => { c.mov(rax, __[rdi]); c.prefetcht0(__[rdi + 8]); });
        Assert.Contains("not allowed", Assert.Throws<MachineException>(() => Reach(c => c.mov(rax, __[rdi + 8]))).Message, StringComparison.Ordinal);
    }
}
