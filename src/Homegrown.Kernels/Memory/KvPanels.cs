using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Ops;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Memory;

/// <summary>How keys and values are kept.</summary>
public enum KvType
{
    /// <summary>IEEE 754 binary16.</summary>
    F16,

    /// <summary>Float32, for comparing with references.</summary>
    F32,

    /// <summary>Signed bytes with a scale, a half, for 32 of headDim: 17 / 32 of the bytes of F16.</summary>
    Q8_0,

    /// <summary>Four bits with a scale, a half, for 32 of headDim: 9 / 32 of the bytes of F16.</summary>
    Q4_0,
}

/// <summary>
/// Keys or values of a layer in panels: matrices of 32 columns whose rows a product reads one after the other. A panel is a stack
/// of squares of 32 positions by 32 of headDim: of values a position is a row, of keys a column. A square of Q8_0 or Q4_0 is its codes, then the scales of its
/// 32 positions. Where headDim is no multiple of 32 the last squares are part empty.
/// </summary>
sealed unsafe class KvPanels(KvType type, bool positionsAreRows, long heads, int panels, int squares) : IDisposable
{
    /// <summary>Rows and columns of a square.</summary>
    public const int Side = 32;

    /// <summary>Numbers of a square.</summary>
    public const int Numbers = Side * Side;

    readonly NativeBuffer data = new(checked(heads * panels * squares * SquareBytes(type)));
    readonly long squareBytes = SquareBytes(type);

    public KvType Type => type;

    /// <summary>A position's numbers are side by side; otherwise they are one below the other.</summary>
    public bool PositionsAreRows => positionsAreRows;

    public long Bytes => data.Bytes;

    /// <summary>Squares that hold <paramref name="headDim"/> numbers side by side.</summary>
    public static int Squares(int headDim) => (int)(((long)headDim + Side - 1) / Side);

    public static long SquareBytes(KvType type) => type switch
    {
        KvType.F16 => Numbers * sizeof(ushort),
        KvType.F32 => Numbers * sizeof(float),
        _ => CodeBytes(type) + (Side * sizeof(ushort)),
    };

    /// <summary>Where a panel of a head, a number of a page and head, or one of its squares starts.</summary>
    public byte* Square(long head, int panel, int square = 0) => data.Data + (((((head * panels) + panel) * squares) + square) * squareBytes);

    /// <summary>
    /// What a stored 1 reads as: halves are read without mending their exponents, so that a product with them multiplies its other
    /// side by 1 / Unit, a power of two.
    /// </summary>
    public float Unit => type == KvType.F16 ? F16.Moved : 1;

    /// <summary>Writes 32 numbers, or fewer, of the position at a place, 0 to 31, of a square.</summary>
    public void Write(byte* square, int place, float* values, int count)
    {
        if (type == KvType.F32)
        {
            for (var i = 0; i < count; i++) ((float*)square)[At(place, i)] = values[i];
        }
        else if (type == KvType.F16)
        {
            var halves = stackalloc Half[Side];
            HalfVectors.ToHalf(values, halves, count);
            for (var i = 0; i < count; i++) ((Half*)square)[At(place, i)] = halves[i];
        }
        else
        {
            var block = stackalloc byte[Q8_0.BlockBytes];
            var padded = stackalloc float[Side];
            new Span<float>(values, count).CopyTo(new(padded, Side));
            if (type == KvType.Q8_0) Q8_0.Quantize(new(padded, Side), default, new(block, Q8_0.BlockBytes));
            else Q4_0.Quantize(new(padded, Side), default, new(block, Q4_0.BlockBytes));
            ((ushort*)(square + CodeBytes(type)))[place] = *(ushort*)block;

            // Nibbles of numbers i and i + 16 share a byte in the block and in the square.
            for (var i = 0; i < (type == KvType.Q8_0 ? count : Side / 2); i++) square[At(place, i)] = block[sizeof(ushort) + i];
        }
    }

    /// <summary>One number of a position.</summary>
    public float Read(byte* square, int place, int number)
    {
        var at = At(place, number);
        return type switch
        {
            KvType.F16 => (float)((Half*)square)[at],
            KvType.F32 => ((float*)square)[at],
            KvType.Q8_0 => ((sbyte*)square)[at] * Scale(square, place),
            _ => (((square[At(place, number % (Side / 2))] >> (number / (Side / 2) * 4)) & 15) - 8) * Scale(square, place),
        };
    }

    /// <summary>
    /// Where a position's number is in its square. Halves are in the order that <see cref="ILanes{TSelf}.LoadHalves"/> takes apart:
    /// columns 0, 16, 1, 17.. Of nibbles it is the byte of numbers 0 to 15.
    /// </summary>
    int At(int place, int number)
    {
        var (row, column) = positionsAreRows ? (place, number) : (number, place);
        if (type == KvType.Q4_0 && positionsAreRows) return (row * Side / 2) + column;
        return (row * Side) + (type == KvType.F16 ? (column % (Side / 2) * 2) + (column / (Side / 2)) : column);
    }

    /// <summary>
    /// Rows of a panel as floats times <see cref="Unit"/>, [rows, 32]: row r is at 32 r of what is returned, which is
    /// <paramref name="tile"/> or the panel itself. Meanwhile the cache fetches what lies at <paramref name="ahead"/>.
    /// </summary>
    /// <param name="ahead">The panel that is read next.</param>
    public float* Load<TLanes>(byte* panel, int first, int end, float* tile, byte* ahead)
        where TLanes : struct, ILanes<TLanes>
    {
        if (type == KvType.F32) return (float*)panel;
        if (type == KvType.F16) LoadHalves<TLanes>((Half*)panel, first, end, tile, ahead);
        else LoadCodes<TLanes>(panel, first, end, tile, ahead);
        return tile;
    }

    /// <summary>One position's 32 numbers of a square in which positions are rows, as floats times <see cref="Unit"/>.</summary>
    public void LoadRow<TLanes>(byte* square, int place, float* to)
        where TLanes : struct, ILanes<TLanes>
    {
        var row = Load<TLanes>(square, place, place + 1, to - (place * Side), square) + (place * Side);
        if (row != to) new Span<float>(row, Side).CopyTo(new(to, Side));
    }

    /// <summary>One position's numbers of a square in which positions are columns, as floats times <see cref="Unit"/>, 32 floats apart.</summary>
    public void LoadColumn(byte* square, int place, float* to, int count)
    {
        if (type == KvType.F16)
        {
            var column = (short*)square + At(place, 0);
            for (var i = 0; i < count; i++) to[i * Side] = BitConverter.Int32BitsToSingle(((column[i * Side] << 16) >> 3) & F16.MovedBits);
            return;
        }

        for (var i = 0; i < count; i++) to[i * Side] = Read(square, place, i) * Unit;
    }

    /// <summary>
    /// A square in which positions are rows, as floats times <see cref="Unit"/>, turned: [32 of headDim, 32 positions].
    /// </summary>
    /// <param name="scratch">[32, 32].</param>
    public void LoadTurned<TLanes>(byte* square, float* to, float* scratch, byte* ahead)
        where TLanes : struct, ILanes<TLanes>
        => Turn(Load<TLanes>(square, 0, Side, scratch, ahead), to);

    /// <summary>Rows become columns, [32, 32], in squares of 4 by 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Turn(float* from, float* to)
    {
        for (var row = 0; row < Side; row += 4)
        {
            for (var column = 0; column < Side; column += 4)
            {
                float* x = from + (row * Side) + column, y = to + (column * Side) + row;
                var (a, b, c, d) = (Vector128.Load(x), Vector128.Load(x + Side), Vector128.Load(x + (2 * Side)), Vector128.Load(x + (3 * Side)));
                if (Sse.IsSupported)
                {
                    var (ab, cd, abHigh, cdHigh) = (Sse.UnpackLow(a, b), Sse.UnpackLow(c, d), Sse.UnpackHigh(a, b), Sse.UnpackHigh(c, d));
                    Sse.MoveLowToHigh(ab, cd).Store(y);
                    Sse.MoveHighToLow(cd, ab).Store(y + Side);
                    Sse.MoveLowToHigh(abHigh, cdHigh).Store(y + (2 * Side));
                    Sse.MoveHighToLow(cdHigh, abHigh).Store(y + (3 * Side));
                }
                else
                {
                    for (var i = 0; i < 4; i++) Vector128.Create(a[i], b[i], c[i], d[i]).Store(y + (i * Side));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void LoadHalves<TLanes>(Half* panel, int first, int end, float* tile, byte* ahead)
        where TLanes : struct, ILanes<TLanes>
    {
        for (var row = first * Side; row < end * Side; row += Side)
        {
            Prefetch(ahead + (row * sizeof(ushort)));
            for (var i = 0; i < Side / 2; i += TLanes.Count)
            {
                TLanes.LoadHalves(panel + row + (2 * i), out var x, out var y);
                x.Store(tile + row + i);
                y.Store(tile + row + (Side / 2) + i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void LoadCodes<TLanes>(byte* panel, int first, int end, float* tile, byte* ahead)
        where TLanes : struct, ILanes<TLanes>
    {
        var scales = stackalloc float[Side];
        var unpacked = stackalloc sbyte[Side];
        for (var square = first / Side; square * Side < end; square++)
        {
            var codes = panel + (square * squareBytes);
            for (var i = 0; i < Side; i++) scales[i] = Scale(codes, i);
            var (from, to) = (Math.Max(first, square * Side), Math.Min(end, (square + 1) * Side));
            for (var row = from; row < to; row++)
            {
                Prefetch(ahead + (row * Side));
                var line = type == KvType.Q8_0 ? (sbyte*)codes + (row % Side * Side) : Nibbles(codes, row % Side, unpacked);
                for (var i = 0; i < Side; i += TLanes.Count)
                {
                    var scale = positionsAreRows ? TLanes.Create(scales[row % Side]) : TLanes.Load(scales + i);
                    (TLanes.LoadSBytes(line + i) * scale).Store(tile + (row * Side) + i);
                }
            }
        }
    }

    /// <summary>A row of a square of nibbles as signed bytes: where positions are rows the two halves of 16 bytes, else a half of 32.</summary>
    sbyte* Nibbles(byte* codes, int row, sbyte* to)
    {
        var (low, bias) = (Vector128.Create((byte)15), Vector128.Create((byte)8));
        var (x, y) = (Vector128.Load(codes + (positionsAreRows ? row * Side / 2 : row % (Side / 2) * Side)), default(Vector128<byte>));
        if (positionsAreRows) y = x >> 4;
        else y = Vector128.Load(codes + (row % (Side / 2) * Side) + (Side / 2));
        if (!positionsAreRows && row >= Side / 2) (x, y) = (x >> 4, y >> 4);
        ((x & low) - bias).Store((byte*)to);
        ((y & low) - bias).Store((byte*)to + (Side / 2));
        return to;
    }

    float Scale(byte* square, int place) => F16.ToSingle(((ushort*)(square + CodeBytes(type)))[place]);

    static int CodeBytes(KvType type) => type == KvType.Q4_0 ? Numbers / 2 : Numbers;

    /// <summary>Copies all that neighbouring heads have.</summary>
    public void Copy(long fromHead, long toHead, int count)
    {
        var bytes = count * (long)panels * squares * squareBytes;
        Buffer.MemoryCopy(Square(fromHead, 0), Square(toHead, 0), bytes, bytes);
    }

    /// <summary>Brings squares to the cache.</summary>
    public void Fetch(byte* square, int count)
    {
        for (var at = 0; at < count * squareBytes; at += 64) Prefetch(square + at);
    }

    static void Prefetch(byte* line)
    {
        if (Sse.IsSupported) Sse.Prefetch1(line);
    }

    public void Dispose() => data.Dispose();
}
