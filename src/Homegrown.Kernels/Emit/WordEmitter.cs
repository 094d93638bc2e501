using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Homegrown.Kernels.Emit;

/// <summary>
/// Products of 16-bit integers with 32 lanes (VPDPWSSD): two to a lane, twice what fused additions of floats do. Sums are exact as long
/// as they fit 32 bits, so that their order is nobody's concern; then they become floats and meet the scales of their row and lane.
/// </summary>
/// <remarks>Registers: sums of a row in zmm 2r and 2r + 1, a pair of terms in zmm24 and 25, a row's pair in all lanes of zmm26 to 31 in turn.</remarks>
sealed class WordEmitter
{
    /// <summary>Rows at most: 24 sums, for which a step loads 14 vectors.</summary>
    internal const int MaxRows = 12;

    /// <summary>Terms that the loop takes at once.</summary>
    internal const int StepTerms = 8;

    const int PairBytes = 2 * sizeof(short), VectorBytes = 64;

    static readonly AssemblerRegister64 Call = rdi, B = rdx, ABytes = rcx, Left = r11, C = r9;
    static readonly AssemblerRegister64[] A = [rax, r8, r10, rsi];   // every third row

    readonly Assembler a = new(64) { PreferVex = false };   // only EVEX names registers above 15
    readonly int rows;
    readonly bool adds;

    WordEmitter(int rows, bool adds) => (this.rows, this.adds) = (rows, adds);

    /// <param name="rows">1 to <see cref="MaxRows"/>.</param>
    /// <param name="adds">To what is there; otherwise it is replaced.</param>
    internal static CodePage Emit(int rows, bool adds)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, MaxRows);
        var emitter = new WordEmitter(rows, adds);
        emitter.Kernel();
        return new CodePage(emitter.a);
    }

    static AssemblerRegisterZMM Zmm(int number) => new(Register.ZMM0 + number);

    static AssemblerRegisterZMM Terms(int half) => Zmm(24 + half);

    void Kernel()
    {
        var (block, next) = (a.CreateLabel(), a.CreateLabel());
        Platform.Enter(a);
        a.mov(ABytes, __qword_ptr[Call + WordCall.ABytesAt]);
        a.Label(ref block);
        a.mov(A[0], __qword_ptr[Call + WordCall.AAt]);
        for (var i = 1; i <= (rows - 1) / 3; i++)
        {
            a.lea(A[i], __[A[i - 1] + (ABytes * 2)]);
            a.add(A[i], ABytes);
        }

        a.mov(B, __qword_ptr[Call + WordCall.BAt]);
        a.mov(Left, __qword_ptr[Call + WordCall.StepsAt]);
        for (var i = 0; i < 2 * rows; i++) a.vpxord(Zmm(i), Zmm(i), Zmm(i));
        a.Label(ref next);
        for (var pair = 0; pair < StepTerms / 2; pair++) Pair(pair);
        for (var i = 0; i <= (rows - 1) / 3; i++) a.add(A[i], StepTerms * sizeof(short));
        a.add(B, StepTerms * VectorBytes);
        a.dec(Left);
        a.jne(next);
        Scale();
        a.imul(ABytes, ABytes, rows);
        a.add(__qword_ptr[Call + WordCall.AAt], ABytes);
        a.mov(ABytes, __qword_ptr[Call + WordCall.ABytesAt]);
        a.add(__qword_ptr[Call + WordCall.AScalesAt], rows * sizeof(float));
        a.dec(__qword_ptr[Call + WordCall.BlocksAt]);
        a.jne(block);
        a.vzeroupper();
        Platform.Leave(a);
    }

    /// <summary>Two terms of all rows.</summary>
    void Pair(int pair)
    {
        for (var half = 0; half < 2; half++) a.vmovdqu32(Terms(half), __[B + (((2 * pair) + half) * VectorBytes)]);
        for (var row = 0; row < rows; row++)
        {
            var (start, words, offset) = (A[row / 3], Zmm(26 + (row % 6)), pair * PairBytes);
            a.vpbroadcastd(words, (row % 3) switch
            {
                0 => __dword_ptr[start + offset],
                1 => __dword_ptr[start + ABytes + offset],
                _ => __dword_ptr[start + (ABytes * 2) + offset],
            });
            for (var half = 0; half < 2; half++) a.vpdpwssd(Zmm((2 * row) + half), words, Terms(half));
        }
    }

    /// <summary>Sums to floats, times both scales, to c.</summary>
    void Scale()
    {
        a.mov(B, __qword_ptr[Call + WordCall.BScalesAt]);
        for (var half = 0; half < 2; half++) a.vmovups(Terms(half), __[B + (half * VectorBytes)]);
        a.mov(B, __qword_ptr[Call + WordCall.AScalesAt]);
        a.mov(C, __qword_ptr[Call + WordCall.CAt]);
        for (var row = 0; row < rows; row++)
        {
            var scale = Zmm(26 + (row % 6));
            a.vbroadcastss(scale, __dword_ptr[B + (row * sizeof(float))]);
            for (var half = 0; half < 2; half++)
            {
                var (sum, to) = (Zmm((2 * row) + half), __[C + (half * VectorBytes)]);
                a.vcvtdq2ps(sum, sum);
                a.vmulps(sum, sum, Terms(half));
                if (adds) a.vfmadd213ps(sum, scale, to);
                else a.vmulps(sum, sum, scale);
                a.vmovups(to, sum);
            }

            a.add(C, __qword_ptr[Call + WordCall.CBytesAt]);
        }

        a.mov(__qword_ptr[Call + WordCall.CAt], C);
    }
}
