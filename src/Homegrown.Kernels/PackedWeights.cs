using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Quant;
using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels;

/// <summary>
/// Weights packed into panels for the kernels of one <see cref="Compute"/>, and their memory. What was packed need not be kept as
/// stored.
/// </summary>
/// <param name="dry">Counts what would be packed, and leaves it as stored: for a model's outline.</param>
public sealed unsafe class PackedWeights(Compute compute, bool dry = false) : IDisposable
{
    /// <summary>Matrices lie side by side in stretches of at least this size, so that large pages are filled.</summary>
    const long BufferBytes = 64 << 20;

    /// <summary>Slices are large, so that threads seldom touch the same fresh page, and enough, so that none waits long for another.</summary>
    const int SlicesPerThread = 4;

    readonly List<NativeBuffer> buffers = [];
    readonly List<WeightBuffer> kept = [];
    long used;

    /// <summary>Bytes of all panels.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes, as stored, of all that was packed.</summary>
    public long StoredBytes { get; private set; }

    /// <summary>Packing this weight would make products faster; otherwise it is multiplied from its stored form.</summary>
    public bool Serves(Weight w)
        => !compute.Exact && compute.Tier != Tier.Reference && compute.VectorBits > 128 && w.Panels is null && Product.Of(w.Type).Packed is { } layout && layout.Fits(w.Columns);

    /// <summary>The same matrix in panels, valid until this is disposed; in parallel.</summary>
    /// <exception cref="ArgumentException">The weight is not one that packing <see cref="Serves"/>.</exception>
    public Weight Pack(Weight w)
    {
        if (!Serves(w)) throw new ArgumentException($"{w.Type} is not packed here.", nameof(w));
        var product = Product.Of(w.Type);
        var panels = (w.Rows + PanelLayout.Rows - 1) / PanelLayout.Rows;
        var panelBytes = product.Packed!.PanelBytes(w.Columns);
        (Bytes, StoredBytes) = (Bytes + (panels * panelBytes), StoredBytes + w.Bytes);
        if (dry) return w;
        var slices = Math.Min(panels, SlicesPerThread * compute.Pool.Threads);
        var job = new Job { Weight = w, Product = product, To = Take(panels * panelBytes), PanelBytes = panelBytes, Panels = panels, Slices = slices };
        compute.Pool.Run(slices, ref job);
        return new(w.Type, w.Rows, w.Columns, job.To, product.Packed) { FineInputs = w.FineInputs };
    }

    /// <summary>Keeps a matrix that is not packed until this is disposed.</summary>
    public void Keep(WeightBuffer weight) => kept.Add(weight);

    byte* Take(long bytes)
    {
        if (buffers.Count == 0 || used + bytes > buffers[^1].Bytes)
        {
            buffers.Add(new(Math.Max(bytes, BufferBytes), largePages: true));
            used = 0;
        }

        used += bytes;
        return buffers[^1].Data + used - bytes;
    }

    struct Job : IJob
    {
        public Weight Weight;
        public Product Product;
        public byte* To;
        public long PanelBytes, Panels;
        public int Slices;

        public readonly void Run(int slice)
        {
            var end = (int)(Panels * (slice + 1) / Slices);
            for (var panel = (int)(Panels * slice / Slices); panel < end; panel++) Product.Pack(Weight, panel * PanelLayout.Rows, To + (panel * PanelBytes));
        }
    }

    public void Dispose()
    {
        foreach (var buffer in buffers) buffer.Dispose();
        foreach (var weight in kept) weight.Dispose();
        buffers.Clear();
        kept.Clear();
    }
}
