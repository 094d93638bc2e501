using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Iced.Intel;

namespace Homegrown.Kernels.Tests.Emit.Emulator;

/// <summary>AMX: eight tiles of at most 16 rows of 64 bytes, after the Intel SDM volume 2 (LDTILECFG, TILELOADD, TDP...).</summary>
sealed unsafe partial class Machine
{
    const int MaxRows = 16, MaxColumns = 64, ConfigurationBytes = 64;

    int palette;
    readonly byte[] configuration = new byte[ConfigurationBytes];
    readonly byte[][] tiles = [.. Enumerable.Range(0, 8).Select(_ => new byte[MaxRows * MaxColumns])];

    static readonly Dictionary<Mnemonic, Action<Machine>> Tiles = new()
    {
        [Mnemonic.Ldtilecfg] = m => m.Configure(m.Memory(m.Address(), ConfigurationBytes, write: false)),
        [Mnemonic.Sttilecfg] = m => m.configuration.CopyTo(m.Memory(m.Address(), ConfigurationBytes, write: true)),
        [Mnemonic.Tilerelease] = m => m.Configure(new byte[ConfigurationBytes]),
        [Mnemonic.Tilezero] = m => m.TileOf(0).Data.AsSpan().Clear(),
        [Mnemonic.Tileloadd] = m => m.LoadTile(),
        [Mnemonic.Tileloaddt1] = m => m.LoadTile(),
        [Mnemonic.Tilestored] = m => m.StoreTile(),
        [Mnemonic.Tdpbssd] = m => m.Accumulate((sum, a, b) => Bytes(sum, a, b, (x, y) => (sbyte)x * (sbyte)y)),
        [Mnemonic.Tdpbsud] = m => m.Accumulate((sum, a, b) => Bytes(sum, a, b, (x, y) => (sbyte)x * y)),
        [Mnemonic.Tdpbusd] = m => m.Accumulate((sum, a, b) => Bytes(sum, a, b, (x, y) => x * (sbyte)y)),
        [Mnemonic.Tdpbuud] = m => m.Accumulate((sum, a, b) => Bytes(sum, a, b, (x, y) => x * y)),
        [Mnemonic.Tdpbf16ps] = m => m.Accumulate(Floats.FromBFloat),
        [Mnemonic.Tdpfp16ps] = m => m.Accumulate(Floats.FromHalf),
    };

    /// <summary>Bytes of a row, rows, and the rows at a pitch of 64 bytes.</summary>
    readonly record struct Tile(int Columns, int Rows, byte[] Data)
    {
        public Span<T> Row<T>(int row) where T : unmanaged => MemoryMarshal.Cast<byte, T>(Data.AsSpan(row * MaxColumns, Columns));
    }

    /// <summary>Byte 0 the palette, 1 the row to restart at, 16 to 31 bytes of a row by tile (16 bits), 48 to 55 rows by tile.</summary>
    void Configure(ReadOnlySpan<byte> bytes)
    {
        if (bytes[0] > 1) throw Fault($"palette {bytes[0]} is not defined");
        if (bytes[1..16].ContainsAnyExcept((byte)0) || bytes[32..48].ContainsAnyExcept((byte)0) || bytes[56..].ContainsAnyExcept((byte)0))
            throw Fault("reserved bytes of the configuration (or its start row) are not zero");
        if (bytes[0] == 1)
        {
            for (var i = 0; i < 8; i++)
            {
                var (columns, rows) = (BinaryPrimitives.ReadUInt16LittleEndian(bytes[(16 + (2 * i))..]), bytes[48 + i]);
                if (columns > MaxColumns || rows > MaxRows || columns == 0 != (rows == 0)) throw Fault($"tile {i} of {rows} rows of {columns} bytes");
            }
        }

        palette = bytes[0];
        if (palette == 0) configuration.AsSpan().Clear();
        else bytes.CopyTo(configuration);
        foreach (var tile in tiles) tile.AsSpan().Clear();
    }

    Tile TileOf(int operand)
    {
        var number = current.GetOpRegister(operand).GetNumber();
        if (palette == 0) throw Fault("tiles are not configured");
        var tile = new Tile(BinaryPrimitives.ReadUInt16LittleEndian(configuration.AsSpan(16 + (2 * number))), configuration[48 + number], tiles[number]);
        return tile.Rows == 0 ? throw Fault($"tile {number} is not configured") : tile;
    }

    /// <summary>The index register, scaled, is the stride of rows in bytes.</summary>
    Span<byte> TileMemory(int row, int columns, bool write)
    {
        var stride = current.MemoryIndex == Register.None ? 0 : this[current.MemoryIndex] * (ulong)current.MemoryIndexScale;
        var first = current.MemoryDisplacement64 + (current.MemoryBase == Register.None ? 0 : this[current.MemoryBase]);
        return Memory(first + (stride * (ulong)row), columns, write);
    }

    void LoadTile()
    {
        var tile = TileOf(0);
        tile.Data.AsSpan().Clear();
        for (var r = 0; r < tile.Rows; r++) TileMemory(r, tile.Columns, write: false).CopyTo(tile.Row<byte>(r));
    }

    void StoreTile()
    {
        var tile = TileOf(1);
        for (var r = 0; r < tile.Rows; r++) tile.Row<byte>(r).CopyTo(TileMemory(r, tile.Columns, write: true));
    }

    /// <summary>Destination M x N of 32 bits, sources M x K and K x N of groups of 32 bits.</summary>
    (Tile Sum, Tile A, Tile B) Product()
    {
        var (sum, a, b) = (TileOf(0), TileOf(1), TileOf(2));
        if (current.Op0Register == current.Op1Register || current.Op0Register == current.Op2Register || current.Op1Register == current.Op2Register)
            throw Fault("names a tile twice");
        if (sum.Columns % 4 != 0 || a.Columns % 4 != 0 || b.Columns % 4 != 0) throw Fault("rows are not whole groups of 4 bytes");
        if (sum.Rows != a.Rows || sum.Columns != b.Columns || a.Columns / 4 != b.Rows)
            throw Fault($"shapes do not fit: {sum.Rows} x {sum.Columns / 4} from {a.Rows} x {a.Columns / 4} and {b.Rows} x {b.Columns / 4}");
        return (sum, a, b);
    }

    void Accumulate(Func<int, uint, uint, int> dot)
    {
        var (sum, a, b) = Product();
        for (var m = 0; m < sum.Rows; m++)
            for (var k = 0; k < b.Rows; k++)
                for (var n = 0; n < sum.Columns / 4; n++)
                    sum.Row<int>(m)[n] = dot(sum.Row<int>(m)[n], a.Row<uint>(m)[k], b.Row<uint>(k)[n]);
        ClearBelow(sum);
    }

    static int Bytes(int sum, uint a, uint b, Func<byte, byte, int> product)
    {
        for (var i = 0; i < 32; i += 8) sum += product((byte)(a >> i), (byte)(b >> i));
        return sum;
    }

    /// <summary>Even and odd products are summed apart along k from zero, then together, then onto the destination, flushed throughout.</summary>
    void Accumulate(Func<ushort, float> widen)
    {
        var (sum, a, b) = Product();
        for (var m = 0; m < sum.Rows; m++)
        {
            for (var n = 0; n < sum.Columns / 4; n++)
            {
                float even = 0, odd = 0;
                for (var k = 0; k < b.Rows; k++)
                {
                    even = Floats.FlushedStep(even, widen(a.Row<ushort>(m)[2 * k]), widen(b.Row<ushort>(k)[2 * n]));
                    odd = Floats.FlushedStep(odd, widen(a.Row<ushort>(m)[(2 * k) + 1]), widen(b.Row<ushort>(k)[(2 * n) + 1]));
                }

                sum.Row<float>(m)[n] = Floats.FlushedAdd(sum.Row<float>(m)[n], Floats.FlushedAdd(even, odd));
            }
        }

        ClearBelow(sum);
    }

    // A product writes the whole tile register: zeros outside of the configured shape.
    static void ClearBelow(Tile tile)
    {
        for (var r = 0; r < MaxRows; r++) tile.Data.AsSpan((r * MaxColumns)..((r + 1) * MaxColumns))[(r < tile.Rows ? tile.Columns : 0)..].Clear();
    }
}
