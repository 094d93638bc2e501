using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>Working memory of the calling thread, for unpacked weights: it grows to the largest need and stays.</summary>
static unsafe class Scratch
{
    [ThreadStatic]
    static NativeBuffer? buffer;

    /// <summary>At least <paramref name="bytes"/> of undefined content, aligned to a cache line, until the thread's next call.</summary>
    internal static byte* Take(long bytes)
    {
        if (buffer is null || buffer.Bytes < bytes)
        {
            buffer?.Dispose();
            buffer = new NativeBuffer(bytes);
        }

        return buffer.Data;
    }
}
