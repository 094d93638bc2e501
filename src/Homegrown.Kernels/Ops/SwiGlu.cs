namespace Homegrown.Kernels.Ops;

/// <summary>Gated activation (Shazeer 2020, arXiv 2002.05202): silu(gate) * up.</summary>
public static class SwiGlu
{
    /// <summary>[rows, 2 * n], gate first, to [rows, n].</summary>
    public static Tensor Forward(Tensor gateUp)
    {
        var n = gateUp.Columns / 2;
        var y = gateUp.Compute.Rent(gateUp.Rows, n);
        for (var row = 0; row < y.Rows; row++)
        {
            var from = gateUp.Row(row);
            var to = y.Row(row);
            for (var i = 0; i < n; i++) to[i] = from[i] / (1 + MathF.Exp(-from[i])) * from[n + i];
        }

        return y;
    }
}
