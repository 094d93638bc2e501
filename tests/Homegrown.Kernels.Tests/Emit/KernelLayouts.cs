using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Tests.Emit;

/// <summary>One emitted kernel and what it is for.</summary>
/// <param name="Passes">Times that it multiplies a part: codes, and rests where they are listed.</param>
readonly record struct Kernel(string Name, PanelLayout Layout, int Panels, int Tokens, int Passes, Func<CodePage> Emit)
{
    public override string ToString() => $"{Name}, {Panels} panels, {Tokens} tokens, {Layout}";
}

/// <summary>The kernels of a coded format: every layout, panels and tokens that <see cref="PartEmitter"/> takes.</summary>
static class KernelLayouts
{
    internal const int PrefetchBytes = 1024;

    internal static PanelLayout Packed(TensorType type) => Product.Of(type).Packed ?? throw new ArgumentException($"{type} is not packed.", nameof(type));

    internal static PanelLayout Unpacked(TensorType type)
    {
        var layouts = default(UnpackedLayouts);
        return QuantFormats.VisitCoded<UnpackedLayouts, PanelLayout>(type, ref layouts);
    }

    internal static IEnumerable<Kernel> Of(TensorType type)
    {
        var (packed, unpacked) = (Packed(type), Unpacked(type));
        for (var p = 1; p <= 2; p++)
        {
            var panels = p;
            yield return new("rests", unpacked, panels, 1, 1, () => RestEmitter.Emit(unpacked, panels));
        }

        for (var n = 1; n <= PartEmitter.MaxTokens; n++)
        {
            var tokens = n;
            foreach (var adds in (bool[])[false, true])
            {
                yield return new($"packed, adds {adds}", packed, 1, tokens, 2, () => ProductEmitter.Emit(packed, 1, tokens, PrefetchBytes, adds));
                for (var p = 1; p <= 2; p++)
                {
                    var panels = p;
                    yield return new($"unpacked, adds {adds}", unpacked, panels, tokens, 2, () => ProductEmitter.Emit(unpacked, panels, tokens, adds: adds));
                }
            }
        }
    }

    struct UnpackedLayouts : ICodedFormatVisitor<PanelLayout>
    {
        public readonly PanelLayout Visit<TFormat>()
            where TFormat : struct, ICodedFormat => Panels<TFormat>.Unpacked;
    }
}
