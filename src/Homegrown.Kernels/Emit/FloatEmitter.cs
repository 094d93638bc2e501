using System.Numerics;
using Homegrown.Kernels.Quant;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Homegrown.Kernels.Emit;

/// <summary>How stored numbers meet activations in an emitted float product.</summary>
enum FloatProductKind
{
    /// <summary>F32 weights, float32 activations.</summary>
    Singles,

    /// <summary>F16 weights, float32 activations.</summary>
    Halves,

    /// <summary>BF16 weights, float32 activations.</summary>
    BrainFloats,

    /// <summary>BF16 weights and activations, two products to a lane (VDPBF16PS).</summary>
    BrainFloatPairs,
}

/// <summary>
/// The products of groups of rows, stored one after the other, with some tokens in AVX-512: a vector of sums for each output, along
/// the columns, added up in one order however many rows and tokens a kernel takes. Group follows group without a call between, so
/// that the processor begins the next one while it waits for the last sums.
/// </summary>
/// <remarks>Registers: up to 24 sums from zmm0, four rows' weights from zmm24, a token's activations in zmm28.</remarks>
sealed class FloatEmitter
{
    /// <summary>Rows at most: their outputs for a token are stored as one vector.</summary>
    internal const int MaxRows = 4;

    /// <summary>Columns of a part, which a kernel takes at once: a vector of pairs, or two vectors.</summary>
    internal const int PartColumns = 32;

    const int VectorBytes = 64;

    static readonly AssemblerRegister64 Call = rdi, W = r10, W3 = rsi, WBytes = r9, X = rax, X3 = r8, XBytes = rcx, Parts = r11, Left = rdx;
    static readonly AssemblerRegisterZMM Activations = zmm28;

    readonly Assembler a = new(64) { PreferVex = false };   // only EVEX names registers above 15
    readonly FloatProductKind kind;
    readonly int rows, tokens, prefetchBytes;

    FloatEmitter(FloatProductKind kind, int rows, int tokens, int prefetchBytes)
        => (this.kind, this.rows, this.tokens, this.prefetchBytes) = (kind, rows, tokens, prefetchBytes);

    /// <param name="kind">Of weights and activations.</param>
    /// <param name="rows">1 or <see cref="MaxRows"/>.</param>
    /// <param name="tokens">1 to <see cref="PartEmitter.MaxTokens"/>.</param>
    /// <param name="prefetchBytes">How far ahead weights are fetched; 0 leaves it to the processor.</param>
    internal static CodePage Emit(FloatProductKind kind, int rows, int tokens, int prefetchBytes = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(rows is 1 or MaxRows, true, nameof(rows));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens, PartEmitter.MaxTokens);
        var emitter = new FloatEmitter(kind, rows, tokens, prefetchBytes);
        emitter.Kernel();
        return new CodePage(emitter.a);
    }

    /// <summary>Columns of a vector of products.</summary>
    int Columns => kind == FloatProductKind.BrainFloatPairs ? 32 : 16;

    int WeightBytes => kind is FloatProductKind.Halves or FloatProductKind.BrainFloats ? VectorBytes / 2 : VectorBytes;

    AssemblerRegisterZMM Sums(int token, int row) => Zmm((token * rows) + row);

    static AssemblerRegisterZMM Weights(int row) => Zmm(24 + row);

    static AssemblerRegisterZMM Zmm(int number) => new(Register.ZMM0 + number);

    /// <summary>Two pointers and the scales of addressing reach six rows.</summary>
    static AssemblerMemoryOperand At(AssemblerRegister64 first, AssemblerRegister64 third, AssemblerRegister64 bytes, int row, int offset)
    {
        var start = row < 3 ? first : third;
        return (row % 3) switch
        {
            0 => __[start + offset],
            1 => __[start + bytes + offset],
            _ => __[start + (bytes * 2) + offset],
        };
    }

    void Kernel()
    {
        Platform.Enter(a);
        a.mov(Left, __qword_ptr[Call + ProductCall.ListedAt]);
        var (group, next) = (a.CreateLabel(), a.CreateLabel());
        a.Label(ref group);
        Point(W, W3, WBytes, ProductCall.PanelAt, ProductCall.PanelBytesAt);
        Point(X, X3, XBytes, ProductCall.XAt, ProductCall.XBytesAt);
        a.mov(Parts, __qword_ptr[Call + ProductCall.PartsAt]);
        for (var i = 0; i < rows * tokens; i++) a.vpxord(Zmm(i), Zmm(i), Zmm(i));
        a.Label(ref next);
        var steps = PartColumns / Columns;
        for (var ahead = 0; prefetchBytes > 0 && ahead < steps * WeightBytes; ahead += VectorBytes) a.prefetcht0(__[W + (prefetchBytes + ahead)]);
        for (var step = 0; step < steps; step++) Step(step);
        a.add(W, steps * WeightBytes);
        if (rows > 3) a.add(W3, steps * WeightBytes);
        a.add(X, steps * VectorBytes);
        if (tokens > 3) a.add(X3, steps * VectorBytes);
        a.dec(Parts);
        a.jne(next);
        Point(X, X3, XBytes, ProductCall.YAt, ProductCall.YBytesAt);
        for (var token = 0; token < tokens; token++) Store(token);
        if (rows > 1) a.shl(WBytes, (byte)BitOperations.Log2((uint)rows));
        a.add(__qword_ptr[Call + ProductCall.PanelAt], WBytes);
        a.add(__qword_ptr[Call + ProductCall.YAt], rows * sizeof(float));
        a.dec(Left);
        a.jne(group);
        a.vzeroupper();
        Platform.Leave(a);
    }

    void Point(AssemblerRegister64 first, AssemblerRegister64 third, AssemblerRegister64 bytes, int firstAt, int bytesAt)
    {
        a.mov(first, __qword_ptr[Call + firstAt]);
        a.mov(bytes, __qword_ptr[Call + bytesAt]);
        a.lea(third, __[bytes + (bytes * 2)]);
        a.add(third, first);
    }

    /// <summary>A vector of columns of all rows and tokens.</summary>
    void Step(int step)
    {
        for (var row = 0; row < rows; row++) Load(Weights(row), At(W, W3, WBytes, row, step * WeightBytes));
        for (var token = 0; token < tokens; token++)
        {
            a.vmovups(Activations, At(X, X3, XBytes, token, step * VectorBytes));
            for (var row = 0; row < rows; row++)
            {
                if (kind == FloatProductKind.BrainFloatPairs) a.vdpbf16ps(Sums(token, row), Activations, Weights(row));
                else a.vfmadd231ps(Sums(token, row), Activations, Weights(row));
            }
        }
    }

    void Load(AssemblerRegisterZMM to, AssemblerMemoryOperand from)
    {
        switch (kind)
        {
            case FloatProductKind.Halves:
                a.vcvtph2ps(to, from);
                break;
            case FloatProductKind.BrainFloats:
                a.vpmovzxwd(to, from);
                a.vpslld(to, to, 16);
                break;
            default:
                a.vmovups(to, from);
                break;
        }
    }

    /// <summary>
    /// Sums of four rows, [4, 16], to their outputs, [4]: in each quarter of a vector lanes (0 + 2) + (1 + 3), then quarters
    /// (0 + 2) + (1 + 3). A single row stands in for all four, so that the order is the same.
    /// </summary>
    void Store(int token)
    {
        var (first, second, third, fourth) = (Sums(token, 0), Sums(token, 1 % rows), Sums(token, 2 % rows), Sums(token, 3 % rows));
        var (low, high, other) = (zmm24, zmm25, zmm26);
        AddInterleaved(low, first, second);
        AddInterleaved(high, third, fourth);
        a.vunpcklpd(other, low, high);
        a.vunpckhpd(low, low, high);
        a.vaddps(low, other, low);
        a.vextractf64x4(ymm25, low, 1);
        a.vaddps(ymm24, ymm24, ymm25);
        a.vextractf32x4(xmm25, ymm24, 1);
        a.vaddps(xmm24, xmm24, xmm25);
        var output = At(X, X3, XBytes, token, 0);
        if (rows == 1) a.vmovss(__dword_ptr[output], xmm24);
        else a.vmovups(__xmmword_ptr[output], xmm24);

        void AddInterleaved(AssemblerRegisterZMM to, AssemblerRegisterZMM even, AssemblerRegisterZMM odd)
        {
            a.vunpcklps(other, even, odd);
            a.vunpckhps(to, even, odd);
            a.vaddps(to, other, to);
        }
    }
}
