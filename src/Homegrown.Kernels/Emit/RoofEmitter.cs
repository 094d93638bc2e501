using Homegrown.Kernels.Memory;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Homegrown.Kernels.Emit;

/// <summary>An instruction of products, repeated on registers alone: what it could do if nothing else had to be done.</summary>
/// <param name="Name">As in the processors' manuals, with the width.</param>
/// <param name="Operations">Multiplications and additions of one.</param>
/// <param name="IsSupported">Here.</param>
sealed record RoofEmitter(string Name, int Operations, bool IsSupported, Action<Assembler, int> Repeat, bool Tiles = false)
{
    /// <summary>As many sums as hide the instruction's latency.</summary>
    internal const int Sums = 12;

    internal static IReadOnlyList<RoofEmitter> All { get; } =
    [
        new("TDPBSSD", 2 * 16 * 16 * 64, CpuFeatures.HasAmxInt8, (a, i) => a.tdpbssd(Tile(i % 4), tmm4, tmm5), Tiles: true),
        new("TDPBF16PS", 2 * 16 * 16 * 32, CpuFeatures.HasAmxBf16, (a, i) => a.tdpbf16ps(Tile(i % 4), tmm4, tmm5), Tiles: true),
        new("VPDPBUSD 512", 2 * 64, CpuFeatures.HasAvx512Vnni, (a, i) => a.vpdpbusd(Zmm(i), zmm30, zmm31)),
        new("VPDPWSSD 512", 2 * 32, CpuFeatures.HasAvx512Vnni, (a, i) => a.vpdpwssd(Zmm(i), zmm30, zmm31)),
        new("VDPBF16PS 512", 2 * 32, CpuFeatures.HasAvx512BrainFloats, (a, i) => a.vdpbf16ps(Zmm(i), zmm30, zmm31)),
        new("VPMADDUBSW 512", 2 * 64, System.Runtime.Intrinsics.X86.Avx512BW.IsSupported, (a, i) => a.vpmaddubsw(Zmm(i), zmm30, zmm31)),
        new("VPMADDUBSW 256", 2 * 32, System.Runtime.Intrinsics.X86.Avx2.IsSupported, (a, i) => a.vpmaddubsw(Ymm(i), ymm14, ymm15)),
        new("VFMADD231PS 512", 2 * 16, System.Runtime.Intrinsics.X86.Avx512F.IsSupported, (a, i) => a.vfmadd231ps(Zmm(i), zmm30, zmm31)),
        new("VFMADD231PS 256", 2 * 8, System.Runtime.Intrinsics.X86.Fma.IsSupported, (a, i) => a.vfmadd231ps(Ymm(i), ymm14, ymm15)),
    ];

    static AssemblerRegisterTMM Tile(int number) => new(Register.TMM0 + number);

    static AssemblerRegisterZMM Zmm(int number) => new(Register.ZMM0 + number);

    static AssemblerRegisterYMM Ymm(int number) => new(Register.YMM0 + number);

    /// <summary>A function of (long* rounds): <see cref="Sums"/> of them a round. Tiles find their configuration behind the number.</summary>
    internal CodePage Emit()
    {
        var (a, next) = (new Assembler(64), default(Label));
        next = a.CreateLabel();
        Platform.Enter(a);
        a.mov(rax, __qword_ptr[rdi]);
        if (Tiles) a.ldtilecfg(__[rdi + sizeof(long)]);
        for (var tile = 0; Tiles && tile < 6; tile++) a.tilezero(Tile(tile));
        a.Label(ref next);
        for (var i = 0; i < Sums; i++) Repeat(a, i);
        a.dec(rax);
        a.jne(next);
        if (Tiles) a.tilerelease();
        a.vzeroupper();
        Platform.Leave(a);
        return new CodePage(a);
    }

    /// <summary>The argument: rounds, then the configuration of six tiles of 16 rows of 64 bytes.</summary>
    internal static unsafe NativeBuffer Argument(long rounds)
    {
        var argument = new NativeBuffer(sizeof(long) + TileConfiguration.Size);
        *(long*)argument.Data = rounds;
        var tiles = (TileConfiguration*)(argument.Data + sizeof(long));
        for (var tile = 0; tile < 6; tile++) tiles->Shape(tile, TileConfiguration.MaxRows, TileConfiguration.MaxRowBytes);
        return argument;
    }
}
