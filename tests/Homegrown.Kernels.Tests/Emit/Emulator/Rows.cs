using System.Numerics;
using System.Runtime.CompilerServices;

namespace Homegrown.Kernels.Tests.Emit.Emulator;

/// <summary>The shapes that vector instructions come in; a table row is a shape with its function over lanes.</summary>
static class Rows
{
    public static Row Unary<T>(Func<T, T> f) where T : unmanaged => Convert(f);

    /// <summary>Lane i of the source to lane i of the result, of another width perhaps; what lies above is zero.</summary>
    public static Row Convert<S, R>(Func<S, R> f) where S : unmanaged where R : unmanaged => new(Unsafe.SizeOf<R>(), s =>
    {
        var lanes = s.Bytes / Math.Max(Unsafe.SizeOf<S>(), Unsafe.SizeOf<R>());
        s.Width = lanes * Unsafe.SizeOf<R>();
        for (var i = 0; i < lanes; i++) s.Result.Of<R>()[i] = f(s.A.Of<S>()[i]);
    }, Lanewise: true, Wide: Math.Max(Unsafe.SizeOf<S>(), Unsafe.SizeOf<R>()));

    public static Row Binary<T>(Func<T, T, T> f) where T : unmanaged => Ternary<T>((_, a, b) => f(a, b));

    /// <summary>f(destination as it was, first source, second source).</summary>
    public static Row Ternary<T>(Func<T, T, T, T> f) where T : unmanaged => Logic<T>((old, a, b, _) => f(old, a, b));

    /// <summary>As <see cref="Ternary"/>, with the immediate (zero where there is none).</summary>
    public static Row Logic<T>(Func<T, T, T, int, T> f) where T : unmanaged => new(Unsafe.SizeOf<T>(), s =>
    {
        for (var i = 0; i < s.Lanes<T>(); i++)
            s.Result.Of<T>()[i] = f(s.Old.Of<T>()[i], s.A.Of<T>()[i], s.B.Of<T>()[i], s.Immediate ?? 0);
    }, Lanewise: true);

    /// <summary>A lane of the result from all sub-lanes of the same place: f(old, a's sub-lanes, b's sub-lanes).</summary>
    public static Row Dot<R, P, Q>(DotProduct<R, P, Q> f) where R : unmanaged where P : unmanaged where Q : unmanaged =>
        new(Unsafe.SizeOf<R>(), s =>
        {
            int p = Unsafe.SizeOf<R>() / Unsafe.SizeOf<P>(), q = Unsafe.SizeOf<R>() / Unsafe.SizeOf<Q>();
            for (var i = 0; i < s.Lanes<R>(); i++)
                s.Result.Of<R>()[i] = f(s.Old.Of<R>()[i], s.A.Of<P>().Slice(i * p, p), s.B.Of<Q>().Slice(i * q, q));
        }, Lanewise: true);

    public delegate R DotProduct<R, P, Q>(R old, ReadOnlySpan<P> a, ReadOnlySpan<Q> b);

    /// <summary>Lane 0 alone, through the row of the packed form; the others keep the first source or, fused, the destination.</summary>
    public static Row Low(Row packed, bool fused = false) => packed with
    {
        Scalar = true,
        Do = s =>
        {
            packed.Do(s);
            (fused ? s.Old : s.A).Of<byte>()[packed.Element..16].CopyTo(s.Result.Of<byte>()[packed.Element..]);
            s.Result.Of<byte>()[16..].Clear();
        },
    };

    /// <summary>Every lane by one count: the immediate, or the low 64 bits of the second source, unsigned and not wrapped.</summary>
    public static Row Shift<T>(Func<T, ulong, T> f) where T : unmanaged => new(Unsafe.SizeOf<T>(), s =>
    {
        var count = s.Immediate ?? s.B.Of<ulong>()[0];
        for (var i = 0; i < s.Lanes<T>(); i++) s.Result.Of<T>()[i] = f(s.A.Of<T>()[i], count);
    });

    /// <summary>One bit for each lane, or where the destination is a vector all the lane's bits.</summary>
    public static Row Compare<T>(Func<T, T, int, bool> f) where T : unmanaged => new(Unsafe.SizeOf<T>(), s =>
    {
        for (var i = 0; i < s.Lanes<T>(); i++)
        {
            if (!f(s.A.Of<T>()[i], s.B.Of<T>()[i], s.Immediate ?? 0)) continue;
            if (s.ToMask) s.Result.Of<ulong>()[0] |= 1ul << i;
            else s.Result.Of<byte>().Slice(i * Unsafe.SizeOf<T>(), Unsafe.SizeOf<T>()).Fill(0xFF);
        }
    }, Lanewise: true);

    /// <summary>Lane 0 of the source in every lane.</summary>
    public static Row Broadcast<T>(int element = 0) where T : unmanaged => new(element == 0 ? Unsafe.SizeOf<T>() : element, s =>
        s.Result.Of<T>()[..s.Lanes<T>()].Fill(s.A.Of<T>()[0]));

    /// <summary>Result lane i is f(step, i): anything that moves whole lanes.</summary>
    public static Row Pick<T>(Func<Step, int, T> f) where T : unmanaged => new(Unsafe.SizeOf<T>(), s =>
    {
        for (var i = 0; i < s.Lanes<T>(); i++) s.Result.Of<T>()[i] = f(s, i);
    });

    /// <summary>Low or high halves of each 16 bytes of both sources, alternating.</summary>
    public static Row Unpack<T>(bool high) where T : unmanaged => Pick<T>((s, i) =>
    {
        var lanes = 16 / Unsafe.SizeOf<T>();
        return (i % 2 == 0 ? s.A : s.B).Of<T>()[(i / lanes * lanes) + (i % lanes / 2) + (high ? lanes / 2 : 0)];
    });

    /// <summary>A table of both vectors, indexed by lanes of a third.</summary>
    public static T Lookup<T>(Vector low, Vector high, T index, int lanes) where T : unmanaged, IBinaryInteger<T>
    {
        var i = int.CreateTruncating(index) & ((2 * lanes) - 1);
        return (i < lanes ? low : high).Of<T>()[i % lanes];
    }

    public static Row Permute<T>() where T : unmanaged, IBinaryInteger<T> => Pick<T>((s, i) => s.Immediate is { } imm
        ? s.A.Of<T>()[(i / 4 * 4) + ((imm >> (2 * (i % 4))) & 3)]
        : s.B.Of<T>()[int.CreateTruncating(s.A.Of<T>()[i]) & (s.Lanes<T>() - 1)]);
    public static Row PermuteIndex<T>() where T : unmanaged, IBinaryInteger<T> => Pick<T>((s, i) => Lookup(s.A, s.B, s.Old.Of<T>()[i], s.Lanes<T>()));
    public static Row PermuteTable<T>() where T : unmanaged, IBinaryInteger<T> => Pick<T>((s, i) => Lookup(s.Old, s.B, s.A.Of<T>()[i], s.Lanes<T>()));

    /// <summary>Both sources end to end, moved down by the immediate's lanes; the second source is the lower.</summary>
    public static Row Align<T>() where T : unmanaged => Pick<T>((s, i) =>
    {
        var (lanes, at) = (s.Lanes<T>(), i + (s.Imm & (s.Lanes<T>() - 1)));
        return at < lanes ? s.B.Of<T>()[at] : s.A.Of<T>()[at - lanes];
    });

    /// <summary>One chunk of 16 or 32 bytes out of the source.</summary>
    public static Row Extract(int element, int chunk) => new(element, s =>
        s.A.Of<byte>().Slice((s.Imm & ((s.Bytes / chunk) - 1)) * chunk, chunk).CopyTo(s.Result.Of<byte>()));

    /// <summary>The first source with one chunk replaced by the second.</summary>
    public static Row Insert(int element, int chunk) => new(element, s =>
    {
        s.A.Of<byte>()[..s.Bytes].CopyTo(s.Result.Of<byte>());
        s.B.Of<byte>()[..chunk].CopyTo(s.Result.Of<byte>()[((s.Imm & ((s.Bytes / chunk) - 1)) * chunk)..]);
    });

    /// <summary>16-byte chunks by the immediate: the lower half from the first source, the upper from the second.</summary>
    public static Row ShuffleChunks(int element) => new(element, s =>
    {
        var chunks = s.Bytes / 16;
        for (var i = 0; i < chunks; i++)
        {
            var from = (s.Imm >> (i * (chunks / 2))) & (chunks - 1);
            (i < chunks / 2 ? s.A : s.B).Of<byte>().Slice(from * 16, 16).CopyTo(s.Result.Of<byte>()[(i * 16)..]);
        }
    });

    /// <summary>The second source where the mask is one, the first elsewhere.</summary>
    public static Row Blend(int element) => new(element, s => (s.Result, s.Elsewhere) = (s.B, s.A), Lanewise: true);
}
