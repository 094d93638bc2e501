using System.Runtime.InteropServices;
using Homegrown.Kernels.Ops.Products;

namespace Homegrown.Kernels.Emit;

/// <summary>What an emitted product is given: the kernel reads these by their offsets.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct ProductCall
{
    public const int PanelAt = 0, PanelBytesAt = 8, XAt = 16, XBytesAt = 24, YAt = 32, YBytesAt = 40, PartsAt = 48, ListAt = 56, ListedAt = 64;

    /// <summary>The first panel.</summary>
    public byte* Panel;

    /// <summary>From a panel to the next.</summary>
    public long PanelBytes;

    /// <summary>The first token's parts, and bytes to the next token's.</summary>
    public PartCodes* X;
    public long XBytes;

    /// <summary>The first token's outputs, 16 for each panel, and bytes to the next token's.</summary>
    public float* Y;
    public long YBytes;

    /// <summary>Parts of a row.</summary>
    public long Parts;

    /// <summary>Parts that have rests, or a <see cref="RestEntry"/> for each part of each token that has.</summary>
    public int* List;

    /// <summary>How many are listed, or of a product of floats the groups of rows. The kernel may change what it is called with.</summary>
    public long Listed;
}
