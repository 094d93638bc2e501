using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Quant;
using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels;

/// <summary>
/// Weights packed into panels for the kernels of one <see cref="Compute"/>, and their memory. What was packed need not be kept as
/// stored.
/// </summary>
public sealed unsafe class PackedWeights(Compute compute) : IDisposable
{
    readonly List<NativeBuffer> buffers = [];

    /// <summary>Packing this weight would make products faster; otherwise it is multiplied from its stored form.</summary>
    public bool Serves(Weight w)
        => !compute.Exact && compute.Tier != Tier.Reference && compute.VectorBits > 128 && w.Panels is null && Product.Of(w.Type).Packed is not null;

    /// <summary>The same matrix in panels, valid until this is disposed; in parallel.</summary>
    /// <exception cref="ArgumentException">The weight is not one that packing <see cref="Serves"/>.</exception>
    public Weight Pack(Weight w)
    {
        if (!Serves(w)) throw new ArgumentException($"{w.Type} is not packed here.", nameof(w));
        var product = Product.Of(w.Type);
        var panels = (w.Rows + PanelLayout.Rows - 1) / PanelLayout.Rows;
        var buffer = new NativeBuffer(product.Packed!.PanelBytes(w.Columns) * panels);
        buffers.Add(buffer);
        var job = new Job { Weight = w, Product = product, To = buffer.Data, PanelBytes = product.Packed.PanelBytes(w.Columns) };
        compute.Pool.Run(panels, ref job);
        return new(w.Type, w.Rows, w.Columns, buffer.Data, product.Packed);
    }

    struct Job : IJob
    {
        public Weight Weight;
        public Product Product;
        public byte* To;
        public long PanelBytes;

        public readonly void Run(int panel) => Product.Pack(Weight, panel * PanelLayout.Rows, To + (panel * PanelBytes));
    }

    public void Dispose()
    {
        foreach (var buffer in buffers) buffer.Dispose();
        buffers.Clear();
    }
}
