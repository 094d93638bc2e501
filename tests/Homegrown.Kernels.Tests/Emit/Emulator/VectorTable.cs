using Iced.Intel;
using static Homegrown.Kernels.Tests.Emit.Emulator.Rows;

namespace Homegrown.Kernels.Tests.Emit.Emulator;

/// <summary>The vector instructions, VEX and EVEX alike: what each does to its lanes.</summary>
static class VectorTable
{
    public static Dictionary<Mnemonic, Row> Rows { get; } = [];

    static VectorTable()
    {
        Moves();
        Bits();
        Integers();
        Permutes();
        Singles();
        Products();
        Masks();
    }

    static void Add(Row row, params ReadOnlySpan<Mnemonic> mnemonics)
    {
        foreach (var mnemonic in mnemonics) Rows.Add(mnemonic, row);
    }

    static void Moves()
    {
        Add(Unary<byte>(x => x), Mnemonic.Vmovdqu8);
        Add(Unary<ushort>(x => x), Mnemonic.Vmovdqu16);
        Add(Unary<uint>(x => x), Mnemonic.Vmovdqu, Mnemonic.Vmovdqa, Mnemonic.Vmovdqu32, Mnemonic.Vmovdqa32, Mnemonic.Vmovups, Mnemonic.Vmovaps);
        Add(Unary<ulong>(x => x), Mnemonic.Vmovdqu64, Mnemonic.Vmovdqa64);
        Add(new(4, s => s.Result.Of<uint>()[0] = s.A.Of<uint>()[0]), Mnemonic.Vmovd);
        Add(new(8, s => s.Result.Of<ulong>()[0] = s.A.Of<ulong>()[0]), Mnemonic.Vmovq);
        Add(new(4, s =>
        {
            // Two registers merge lane 0; a load clears the others.
            if (s.Operands == 3) s.A.Of<byte>()[..16].CopyTo(s.Result.Of<byte>());
            s.Result.Of<uint>()[0] = (s.Operands == 3 ? s.B : s.A).Of<uint>()[0];
        }, Lanewise: true, Scalar: true), Mnemonic.Vmovss);
        Add(Broadcast<byte>(), Mnemonic.Vpbroadcastb);
        Add(Broadcast<ushort>(), Mnemonic.Vpbroadcastw);
        Add(Broadcast<uint>(), Mnemonic.Vpbroadcastd, Mnemonic.Vbroadcastss);
        Add(Broadcast<ulong>(), Mnemonic.Vpbroadcastq, Mnemonic.Vbroadcastsd);
        Add(Broadcast<UInt128>(4), Mnemonic.Vbroadcasti32x4, Mnemonic.Vbroadcastf32x4, Mnemonic.Vbroadcasti128, Mnemonic.Vbroadcastf128);
        Add(Broadcast<(UInt128, UInt128)>(8), Mnemonic.Vbroadcasti64x4, Mnemonic.Vbroadcastf64x4);
        Add(Convert<sbyte, short>(x => x), Mnemonic.Vpmovsxbw);
        Add(Convert<sbyte, int>(x => x), Mnemonic.Vpmovsxbd);
        Add(Convert<short, int>(x => x), Mnemonic.Vpmovsxwd);
        Add(Convert<byte, ushort>(x => x), Mnemonic.Vpmovzxbw);
        Add(Convert<byte, uint>(x => x), Mnemonic.Vpmovzxbd);
        Add(Convert<ushort, uint>(x => x), Mnemonic.Vpmovzxwd);
        Add(Convert<uint, byte>(x => (byte)x), Mnemonic.Vpmovdb);
        Add(Convert<uint, ushort>(x => (ushort)x), Mnemonic.Vpmovdw);
        Add(Convert<ushort, byte>(x => (byte)x), Mnemonic.Vpmovwb);
        Add(Convert<int, sbyte>(sbyte.CreateSaturating), Mnemonic.Vpmovsdb);
        Add(Convert<int, short>(short.CreateSaturating), Mnemonic.Vpmovsdw);
        Add(Convert<short, sbyte>(sbyte.CreateSaturating), Mnemonic.Vpmovswb);
    }

    static void Bits()
    {
        Add(Binary<uint>((a, b) => a ^ b), Mnemonic.Vpxor, Mnemonic.Vpxord, Mnemonic.Vxorps);
        Add(Binary<ulong>((a, b) => a ^ b), Mnemonic.Vpxorq);
        Add(Binary<uint>((a, b) => a & b), Mnemonic.Vpand, Mnemonic.Vpandd, Mnemonic.Vandps);
        Add(Binary<ulong>((a, b) => a & b), Mnemonic.Vpandq);
        Add(Binary<uint>((a, b) => a | b), Mnemonic.Vpor, Mnemonic.Vpord, Mnemonic.Vorps);
        Add(Binary<ulong>((a, b) => a | b), Mnemonic.Vporq);
        Add(Binary<uint>((a, b) => ~a & b), Mnemonic.Vpandn, Mnemonic.Vpandnd, Mnemonic.Vandnps);
        Add(Binary<ulong>((a, b) => ~a & b), Mnemonic.Vpandnq);
        Add(Logic<uint>((c, a, b, imm) => (uint)Truth(c, a, b, imm)), Mnemonic.Vpternlogd);
        Add(Logic<ulong>((c, a, b, imm) => Truth(c, a, b, imm)), Mnemonic.Vpternlogq);
        Add(Shift<ushort>((x, n) => (ushort)(n < 16 ? x << (int)n : 0)), Mnemonic.Vpsllw);
        Add(Shift<uint>((x, n) => n < 32 ? x << (int)n : 0), Mnemonic.Vpslld);
        Add(Shift<ulong>((x, n) => n < 64 ? x << (int)n : 0), Mnemonic.Vpsllq);
        Add(Shift<ushort>((x, n) => (ushort)(n < 16 ? x >> (int)n : 0)), Mnemonic.Vpsrlw);
        Add(Shift<uint>((x, n) => n < 32 ? x >> (int)n : 0), Mnemonic.Vpsrld);
        Add(Shift<ulong>((x, n) => n < 64 ? x >> (int)n : 0), Mnemonic.Vpsrlq);
        Add(Shift<short>((x, n) => (short)(x >> (int)Math.Min(n, 15))), Mnemonic.Vpsraw);
        Add(Shift<int>((x, n) => x >> (int)Math.Min(n, 31)), Mnemonic.Vpsrad);
        Add(Shift<uint>((x, n) => uint.RotateLeft(x, (int)(n & 31))), Mnemonic.Vprold);
        Add(Binary<ushort>((x, n) => (ushort)(n < 16 ? x << n : 0)), Mnemonic.Vpsllvw);
        Add(Binary<uint>((x, n) => n < 32 ? x << (int)n : 0), Mnemonic.Vpsllvd);
        Add(Binary<ushort>((x, n) => (ushort)(n < 16 ? x >> n : 0)), Mnemonic.Vpsrlvw);
        Add(Binary<uint>((x, n) => n < 32 ? x >> (int)n : 0), Mnemonic.Vpsrlvd);
    }

    /// <summary>Bit by bit, the bit of the immediate that destination, first and second source number.</summary>
    static ulong Truth(ulong c, ulong a, ulong b, int imm)
    {
        var result = 0ul;
        for (var i = 0; i < 8; i++)
            if ((imm >> i & 1) != 0) result |= ((i & 4) != 0 ? c : ~c) & ((i & 2) != 0 ? a : ~a) & ((i & 1) != 0 ? b : ~b);
        return result;
    }

    static void Integers()
    {
        Add(Binary<byte>((a, b) => (byte)(a + b)), Mnemonic.Vpaddb);
        Add(Binary<ushort>((a, b) => (ushort)(a + b)), Mnemonic.Vpaddw);
        Add(Binary<uint>((a, b) => a + b), Mnemonic.Vpaddd);
        Add(Binary<ulong>((a, b) => a + b), Mnemonic.Vpaddq);
        Add(Binary<byte>((a, b) => (byte)(a - b)), Mnemonic.Vpsubb);
        Add(Binary<ushort>((a, b) => (ushort)(a - b)), Mnemonic.Vpsubw);
        Add(Binary<uint>((a, b) => a - b), Mnemonic.Vpsubd);
        Add(Binary<ulong>((a, b) => a - b), Mnemonic.Vpsubq);
        Add(Binary<ushort>((a, b) => (ushort)(a * b)), Mnemonic.Vpmullw);
        Add(Binary<uint>((a, b) => a * b), Mnemonic.Vpmulld);
        Add(Unary<sbyte>(x => x < 0 ? (sbyte)-x : x), Mnemonic.Vpabsb);
        Add(Unary<short>(x => x < 0 ? (short)-x : x), Mnemonic.Vpabsw);
        Add(Unary<int>(x => x < 0 ? -x : x), Mnemonic.Vpabsd);
        Add(Binary<sbyte>(Math.Min), Mnemonic.Vpminsb);
        Add(Binary<sbyte>(Math.Max), Mnemonic.Vpmaxsb);
        Add(Binary<byte>(Math.Min), Mnemonic.Vpminub);
        Add(Binary<byte>(Math.Max), Mnemonic.Vpmaxub);
        Add(Binary<short>(Math.Min), Mnemonic.Vpminsw);
        Add(Binary<short>(Math.Max), Mnemonic.Vpmaxsw);
        Add(Binary<int>(Math.Min), Mnemonic.Vpminsd);
        Add(Binary<int>(Math.Max), Mnemonic.Vpmaxsd);
        Add(Compare<sbyte>(Holds), Mnemonic.Vpcmpb);
        Add(Compare<byte>(Holds), Mnemonic.Vpcmpub);
        Add(Compare<short>(Holds), Mnemonic.Vpcmpw);
        Add(Compare<ushort>(Holds), Mnemonic.Vpcmpuw);
        Add(Compare<int>(Holds), Mnemonic.Vpcmpd);
        Add(Compare<uint>(Holds), Mnemonic.Vpcmpud);
        Add(Compare<byte>((a, b, _) => a == b), Mnemonic.Vpcmpeqb);
        Add(Compare<ushort>((a, b, _) => a == b), Mnemonic.Vpcmpeqw);
        Add(Compare<uint>((a, b, _) => a == b), Mnemonic.Vpcmpeqd);
        Add(Compare<sbyte>((a, b, _) => a > b), Mnemonic.Vpcmpgtb);
        Add(Compare<short>((a, b, _) => a > b), Mnemonic.Vpcmpgtw);
        Add(Compare<int>((a, b, _) => a > b), Mnemonic.Vpcmpgtd);
        Add(Compare<byte>((a, b, _) => (a & b) != 0), Mnemonic.Vptestmb);
        Add(Compare<uint>((a, b, _) => (a & b) != 0), Mnemonic.Vptestmd);
    }

    /// <summary>Predicates 0 to 7: =, less, less or equal, never, and their opposites.</summary>
    static bool Holds<T>(T a, T b, int predicate) where T : IComparable<T>
    {
        var order = a.CompareTo(b);
        var holds = (predicate & 3) switch { 0 => order == 0, 1 => order < 0, 2 => order <= 0, _ => false };
        return holds != ((predicate & 4) != 0);
    }

    static void Permutes()
    {
        Add(Permute<byte>(), Mnemonic.Vpermb);
        Add(Permute<ushort>(), Mnemonic.Vpermw);
        Add(Permute<uint>(), Mnemonic.Vpermd);
        Add(Permute<ulong>(), Mnemonic.Vpermq);
        Add(PermuteIndex<byte>(), Mnemonic.Vpermi2b);
        Add(PermuteIndex<ushort>(), Mnemonic.Vpermi2w);
        Add(PermuteIndex<uint>(), Mnemonic.Vpermi2d);
        Add(PermuteTable<byte>(), Mnemonic.Vpermt2b);
        Add(PermuteTable<ushort>(), Mnemonic.Vpermt2w);
        Add(PermuteTable<uint>(), Mnemonic.Vpermt2d);
        Add(Pick<byte>((s, i) => s.B.Of<byte>()[i] is var at && at > 127 ? (byte)0 : s.A.Of<byte>()[(i & ~15) + (at & 15)]), Mnemonic.Vpshufb);
        Add(Pick<uint>((s, i) => s.A.Of<uint>()[(i & ~3) + (s.Imm >> (2 * (i & 3)) & 3)]), Mnemonic.Vpshufd);
        Add(Pick<uint>((s, i) => ((i & 2) == 0 ? s.A : s.B).Of<uint>()[(i & ~3) + (s.Imm >> (2 * (i & 3)) & 3)]), Mnemonic.Vshufps);
        Add(Pick<byte>((s, i) => (byte)ulong.RotateRight(s.B.Of<ulong>()[i / 8], s.A.Of<byte>()[i] & 63)), Mnemonic.Vpmultishiftqb);
        Add(Unpack<byte>(high: false), Mnemonic.Vpunpcklbw);
        Add(Unpack<byte>(high: true), Mnemonic.Vpunpckhbw);
        Add(Unpack<ushort>(high: false), Mnemonic.Vpunpcklwd);
        Add(Unpack<ushort>(high: true), Mnemonic.Vpunpckhwd);
        Add(Unpack<uint>(high: false), Mnemonic.Vpunpckldq, Mnemonic.Vunpcklps);
        Add(Unpack<uint>(high: true), Mnemonic.Vpunpckhdq, Mnemonic.Vunpckhps);
        Add(Unpack<ulong>(high: false), Mnemonic.Vpunpcklqdq, Mnemonic.Vunpcklpd);
        Add(Unpack<ulong>(high: true), Mnemonic.Vpunpckhqdq, Mnemonic.Vunpckhpd);
        Add(Align<uint>(), Mnemonic.Valignd);
        Add(Align<ulong>(), Mnemonic.Valignq);
        Add(Extract(4, 16), Mnemonic.Vextracti32x4, Mnemonic.Vextractf32x4, Mnemonic.Vextracti128, Mnemonic.Vextractf128);
        Add(Extract(8, 32), Mnemonic.Vextracti64x4, Mnemonic.Vextractf64x4);
        Add(Insert(4, 16), Mnemonic.Vinserti32x4, Mnemonic.Vinsertf32x4, Mnemonic.Vinserti128, Mnemonic.Vinsertf128);
        Add(Insert(8, 32), Mnemonic.Vinserti64x4, Mnemonic.Vinsertf64x4);
        Add(ShuffleChunks(4), Mnemonic.Vshuff32x4, Mnemonic.Vshufi32x4);
        Add(Blend(1), Mnemonic.Vpblendmb);
        Add(Blend(4), Mnemonic.Vblendmps, Mnemonic.Vpblendmd);
    }

    static void Singles()
    {
        Both(Mnemonic.Vaddps, Mnemonic.Vaddss, Binary<float>(Floats.Add));
        Both(Mnemonic.Vsubps, Mnemonic.Vsubss, Binary<float>(Floats.Subtract));
        Both(Mnemonic.Vmulps, Mnemonic.Vmulss, Binary<float>(Floats.Multiply));
        Both(Mnemonic.Vdivps, Mnemonic.Vdivss, Binary<float>(Floats.Divide));
        Both(Mnemonic.Vmaxps, Mnemonic.Vmaxss, Binary<float>(Floats.Max));
        Both(Mnemonic.Vminps, Mnemonic.Vminss, Binary<float>(Floats.Min));
        // The digits number the operands: the first two are multiplied, the third is added. NaNs are looked for in the same order.
        Both(Mnemonic.Vfmadd132ps, Mnemonic.Vfmadd132ss, Ternary<float>((x, y, z) => Floats.Fused(x, z, y, x, z, y)), fused: true);
        Both(Mnemonic.Vfmadd213ps, Mnemonic.Vfmadd213ss, Ternary<float>((x, y, z) => Floats.Fused(y, x, z, y, x, z)), fused: true);
        Both(Mnemonic.Vfmadd231ps, Mnemonic.Vfmadd231ss, Ternary<float>((x, y, z) => Floats.Fused(y, z, x, y, z, x)), fused: true);
        Both(Mnemonic.Vfnmadd132ps, Mnemonic.Vfnmadd132ss, Ternary<float>((x, y, z) => Floats.Fused(-x, z, y, x, z, y)), fused: true);
        Both(Mnemonic.Vfnmadd213ps, Mnemonic.Vfnmadd213ss, Ternary<float>((x, y, z) => Floats.Fused(-y, x, z, y, x, z)), fused: true);
        Both(Mnemonic.Vfnmadd231ps, Mnemonic.Vfnmadd231ss, Ternary<float>((x, y, z) => Floats.Fused(-y, z, x, y, z, x)), fused: true);
        Add(Unary<float>(Floats.Sqrt), Mnemonic.Vsqrtps);
        Add(Binary<float>(Floats.Scale), Mnemonic.Vscalefps);
        Add(Unary<float>(Floats.Exponent), Mnemonic.Vgetexpps);
        Add(Logic1(Floats.RoundScale), Mnemonic.Vrndscaleps);
        Add(Logic1(Floats.Reduce), Mnemonic.Vreduceps);
        Add(Compare<float>(Floats.Compare), Mnemonic.Vcmpps);
        Add(Convert<int, float>(x => x), Mnemonic.Vcvtdq2ps);
        Add(Convert<float, int>(Floats.ToInt), Mnemonic.Vcvtps2dq);
        Add(Convert<ushort, float>(Floats.FromHalf), Mnemonic.Vcvtph2ps);
        Add(Convert<float, ushort>(Floats.ToHalf), Mnemonic.Vcvtps2ph);
        Add(Convert<float, ushort>(Floats.ToBFloat), Mnemonic.Vcvtneps2bf16);
        // The second source is the lower half of the result.
        Add(Pick<ushort>((s, i) => Floats.ToBFloat(i < s.Lanes<float>() ? s.B.Of<float>()[i] : s.A.Of<float>()[i - s.Lanes<float>()])),
            Mnemonic.Vcvtne2ps2bf16);

        static void Both(Mnemonic packed, Mnemonic scalar, Row row, bool fused = false)
        {
            Add(row, packed);
            Add(Low(row, fused), scalar);
        }

        static Row Logic1(Func<float, int, float> f) => Logic<float>((_, a, _, imm) => f(a, imm));
    }

    static void Products()
    {
        Add(Dot<short, byte, sbyte>((_, a, b) => short.CreateSaturating((a[0] * b[0]) + (a[1] * b[1]))), Mnemonic.Vpmaddubsw);
        Add(Dot<int, short, short>((_, a, b) => (a[0] * b[0]) + (a[1] * b[1])), Mnemonic.Vpmaddwd);
        Add(Dot<int, short, short>((sum, a, b) => sum + (a[0] * b[0]) + (a[1] * b[1])), Mnemonic.Vpdpwssd);
        Add(Dot<int, short, short>((sum, a, b) => int.CreateSaturating((long)sum + (a[0] * b[0]) + (a[1] * b[1]))), Mnemonic.Vpdpwssds);
        Add(Dot<int, byte, sbyte>((sum, a, b) => sum + Four(a, b)), Mnemonic.Vpdpbusd);
        Add(Dot<int, byte, sbyte>((sum, a, b) => int.CreateSaturating((long)sum + Four(a, b))), Mnemonic.Vpdpbusds);
        // The odd product first, then the even one.
        Add(Dot<float, ushort, ushort>((sum, a, b) => Floats.FlushedStep(
            Floats.FlushedStep(sum, Floats.FromBFloat(a[1]), Floats.FromBFloat(b[1])),
            Floats.FromBFloat(a[0]), Floats.FromBFloat(b[0]))), Mnemonic.Vdpbf16ps);

        static int Four(ReadOnlySpan<byte> a, ReadOnlySpan<sbyte> b) => (a[0] * b[0]) + (a[1] * b[1]) + (a[2] * b[2]) + (a[3] * b[3]);
    }

    static void Masks()
    {
        Mask<ulong>(x => x, Mnemonic.Kmovq, Mnemonic.Kxorq, Mnemonic.Kandq, Mnemonic.Korq, Mnemonic.Kxnorq);
        Mask<uint>(x => x, Mnemonic.Kmovd, Mnemonic.Kxord, Mnemonic.Kandd, Mnemonic.Kord, Mnemonic.Kxnord);
        Mask<ushort>(x => x, Mnemonic.Kmovw, Mnemonic.Kxorw, Mnemonic.Kandw, Mnemonic.Korw, Mnemonic.Kxnorw);
        Mask<byte>(x => x, Mnemonic.Kmovb, Mnemonic.Kxorb, Mnemonic.Kandb, Mnemonic.Korb, Mnemonic.Kxnorb);

        // Always all 64 bits of the operands; the width cuts the result.
        static void Mask<T>(Func<T, ulong> widen, Mnemonic move, Mnemonic xor, Mnemonic and, Mnemonic or, Mnemonic xnor) where T : unmanaged
        {
            Row Of(Func<ulong, ulong, ulong> f) => new(8, s =>
            {
                var wide = new Vector();
                wide.Of<ulong>()[0] = f(s.A.Of<ulong>()[0], s.B.Of<ulong>()[0]);
                s.Result.Of<ulong>()[0] = widen(wide.Of<T>()[0]);
            });

            Add(Of((a, _) => a), move);
            Add(Of((a, b) => a ^ b), xor);
            Add(Of((a, b) => a & b), and);
            Add(Of((a, b) => a | b), or);
            Add(Of((a, b) => ~(a ^ b)), xnor);
        }
    }
}
