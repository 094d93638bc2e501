using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Emit;

/// <summary>The emitted products with one layout of panels, each assembled when it is first needed and kept while the program runs.</summary>
sealed unsafe class EmittedKernels(PanelLayout layout, int panels, int prefetchBytes = 0)
{
    readonly CodePage?[] byTokens = new CodePage?[ProductEmitter.MaxTokens + 1];
    readonly Lock gate = new();

    /// <summary>The processor and the system can run them.</summary>
    internal static bool AreSupported => CpuFeatures.HasAvx512Vnni;

    /// <summary>Multiplies 1 to <see cref="ProductEmitter.MaxTokens"/> tokens.</summary>
    internal void Run(int tokens, ProductCall* call)
    {
        var page = Volatile.Read(ref byTokens[tokens]) ?? Emit(tokens);
        // Some microseconds at most: the garbage collector can wait for that, and a transition would be a tenth of a short one.
        ((delegate* unmanaged[SuppressGCTransition]<ProductCall*, void>)page.Address)(call);
    }

    CodePage Emit(int tokens)
    {
        lock (gate) return byTokens[tokens] ??= ProductEmitter.Emit(layout, panels, tokens, prefetchBytes);
    }
}
