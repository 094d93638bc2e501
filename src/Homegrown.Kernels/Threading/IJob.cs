namespace Homegrown.Kernels.Threading;

/// <summary>Work in equal parts; a struct, so that a dispatch allocates nothing.</summary>
interface IJob
{
    /// <summary>Does part <paramref name="part"/> of the work, on any thread, at any time until the dispatch returns.</summary>
    void Run(int part);
}
