namespace Homegrown.Kernels.Emit;

/// <summary>
/// Kernels for 1 to so many tokens, or rows, each assembled when it is first needed and kept while the program runs.
/// </summary>
sealed unsafe class EmittedKernels(Func<int, CodePage> emit, int most = PartEmitter.MaxTokens)
{
    readonly CodePage?[] byCount = new CodePage?[most + 1];
    readonly Lock gate = new();

    /// <summary>The processor has the instructions.</summary>
    internal static bool AreSupported => CpuFeatures.HasAvx512Vnni;

    internal void Run(int count, void* call)
    {
        var page = Volatile.Read(ref byCount[count]) ?? Emit(count);
        // Some microseconds at most: the garbage collector can wait for that, and a transition would be a tenth of a short one.
        ((delegate* unmanaged[SuppressGCTransition]<void*, void>)page.Address)(call);
    }

    CodePage Emit(int count)
    {
        lock (gate) return byCount[count] ??= emit(count);
    }
}
