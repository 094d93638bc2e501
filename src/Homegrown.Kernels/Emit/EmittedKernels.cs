namespace Homegrown.Kernels.Emit;

/// <summary>Kernels for 1 to <see cref="PartEmitter.MaxTokens"/> tokens, each assembled when it is first needed and kept while the program runs.</summary>
sealed unsafe class EmittedKernels(Func<int, CodePage> emit)
{
    readonly CodePage?[] byTokens = new CodePage?[PartEmitter.MaxTokens + 1];
    readonly Lock gate = new();

    /// <summary>The processor has the instructions.</summary>
    internal static bool AreSupported => CpuFeatures.HasAvx512Vnni;

    internal void Run(int tokens, void* call)
    {
        var page = Volatile.Read(ref byTokens[tokens]) ?? Emit(tokens);
        // Some microseconds at most: the garbage collector can wait for that, and a transition would be a tenth of a short one.
        ((delegate* unmanaged[SuppressGCTransition]<void*, void>)page.Address)(call);
    }

    CodePage Emit(int tokens)
    {
        lock (gate) return byTokens[tokens] ??= emit(tokens);
    }
}
