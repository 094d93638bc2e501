using System.Numerics;
using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Where quantized activations have rests, for kernels that multiply them after the codes. Few tokens share one list of parts; with
/// many, each part has a list of its tokens, since hardly a part is without rests in all of them.
/// </summary>
readonly unsafe struct RestLists
{
    readonly int* lists;
    readonly int stride;

    RestLists(int* lists, int stride)
    {
        this.lists = lists;
        this.stride = stride;
    }

    /// <summary>The parts in which any token of a tile has rests, ascending: how many, then their numbers.</summary>
    internal int* Parts(int tile) => lists + ((long)tile * stride);

    /// <summary>The tokens that have rests in a part, ascending: how many, then their numbers.</summary>
    internal int* Tokens(int part) => lists + ((long)part * stride);

    internal static RestLists Of(Compute compute, QuantizedRows rows, int tokens)
        => tokens <= Operands.FewTokens ? OfFew(compute.Arena, rows, tokens) : OfMany(compute, rows, tokens);

    /// <summary>Parts, for each tile of tokens.</summary>
    static RestLists OfFew(Arena arena, QuantizedRows rows, int tokens)
    {
        var tiles = (tokens + PartEmitter.MaxTokens - 1) / PartEmitter.MaxTokens;
        var lists = new RestLists((int*)arena.Take((long)tiles * (1 + rows.Parts) * sizeof(int)), 1 + rows.Parts);
        for (var tile = 0; tile < tiles; tile++)
        {
            var list = lists.Parts(tile);
            var count = 0;
            for (var part = 0; part < rows.Parts; part++)
            {
                var any = 0;
                for (var t = tile * PartEmitter.MaxTokens; t < Math.Min((tile + 1) * PartEmitter.MaxTokens, tokens); t++) any |= rows.Flags(t)[part];
                if (any != 0) list[++count] = part;
            }

            list[0] = count;
        }

        return lists;
    }

    /// <summary>Tokens, for each part.</summary>
    static RestLists OfMany(Compute compute, QuantizedRows rows, int tokens)
    {
        var lists = new RestLists((int*)compute.Arena.Take((long)rows.Parts * (1 + tokens) * sizeof(int)), 1 + tokens);
        var job = new Job { Rows = rows, Lists = lists, Count = tokens };
        compute.Pool.Run((rows.Parts + Job.Parts - 1) / Job.Parts, ref job);
        return lists;
    }

    /// <summary>Eight parts at once: most tokens have rests in none or few of them.</summary>
    struct Job : IJob
    {
        public const int Parts = 8;

        public QuantizedRows Rows;
        public RestLists Lists;
        public int Count;

        public readonly void Run(int eight)
        {
            var first = eight * Parts;
            for (var part = first; part < Math.Min(first + Parts, Rows.Parts); part++) *Lists.Tokens(part) = 0;
            for (var token = 0; token < Count; token++)
            {
                for (var flags = *(ulong*)(Rows.Flags(token) + first); flags != 0; flags &= flags - 1)
                {
                    var list = Lists.Tokens(first + (BitOperations.TrailingZeroCount(flags) / 8));
                    list[++*list] = token;
                }
            }
        }
    }
}
