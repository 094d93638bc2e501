using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Homegrown.Kernels.Emit;

/// <summary>
/// What calling conventions ask of a kernel with one argument, which it finds in rdi. Elsewhere than on Windows rax, rcx, rdx, rsi,
/// rdi, r8 to r11 and all vectors are free to use; Windows passes the argument in rcx and wants rdi, rsi and xmm6 to xmm15 back.
/// </summary>
static class Platform
{
    const int FirstKept = 6, Kept = 10, SaveBytes = (Kept * 16) + 8;   // 8: the stack stays aligned

    internal static void Enter(Assembler a)
    {
        if (!OperatingSystem.IsWindows()) return;
        a.push(rdi);
        a.push(rsi);
        a.sub(rsp, SaveBytes);
        for (var i = 0; i < Kept; i++) a.movups(__xmmword_ptr[rsp + (i * 16)], new AssemblerRegisterXMM(Register.XMM0 + FirstKept + i));
        a.mov(rdi, rcx);
    }

    internal static void Leave(Assembler a)
    {
        if (OperatingSystem.IsWindows())
        {
            for (var i = 0; i < Kept; i++) a.movups(new AssemblerRegisterXMM(Register.XMM0 + FirstKept + i), __xmmword_ptr[rsp + (i * 16)]);
            a.add(rsp, SaveBytes);
            a.pop(rsi);
            a.pop(rdi);
        }

        a.ret();
    }
}
