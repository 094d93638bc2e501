using System.Runtime.InteropServices;

namespace Homegrown.Kernels.Emit;

/// <summary>The shapes of the eight tiles, as LDTILECFG reads them (Intel SDM volume 1, chapter 18): palette 1 has tiles of up to 16 rows of 64 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Size = Size)]
unsafe struct TileConfiguration
{
    /// <summary>Of the configuration, in bytes.</summary>
    internal const int Size = 64;

    internal const int MaxRows = 16, MaxRowBytes = 64;

    const int Tiles = 8;

    byte palette;
    fixed byte startRowAndReserved[15];
    fixed ushort rowBytes[2 * Tiles];   // of 16 tiles; the upper half is reserved
    fixed byte rows[2 * Tiles];

    internal readonly (int Rows, int RowBytes) this[int tile] => (rows[tile], rowBytes[tile]);

    /// <summary>Gives a tile its shape; one of 0 rows is not used.</summary>
    internal void Shape(int tile, int tileRows, int tileRowBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)tile, (uint)Tiles - 1, nameof(tile));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)tileRows, (uint)MaxRows, nameof(tileRows));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)tileRowBytes, (uint)MaxRowBytes, nameof(tileRowBytes));
        palette = 1;
        var used = tileRows > 0 && tileRowBytes > 0;   // half a shape would fault
        rows[tile] = (byte)(used ? tileRows : 0);
        rowBytes[tile] = (ushort)(used ? tileRowBytes : 0);
    }
}
