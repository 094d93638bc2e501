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

    /// <summary>The parts in which any token has rests, ascending: their number, then theirs.</summary>
    internal int* Parts => lists;

    /// <summary>The tokens that have rests in a part, ascending: how many, then their numbers.</summary>
    internal int* Tokens(int part) => lists + ((long)part * stride);

    /// <summary>For at most a tile of tokens.</summary>
    internal static RestLists OfFew(Arena arena, QuantizedRows rows, int tokens)
    {
        var list = (int*)arena.Take((1 + rows.Parts) * sizeof(int));
        *list = 0;
        for (var part = 0; part < rows.Parts; part++)
        {
            var any = 0;
            for (var token = 0; token < tokens; token++) any |= rows.Row(token)[part].HasRest;
            if (any != 0) list[++*list] = part;
        }

        return new(list, 0);
    }

    internal static RestLists OfMany(Compute compute, QuantizedRows rows, int tokens)
    {
        var lists = new RestLists((int*)compute.Arena.Take((long)rows.Parts * (1 + tokens) * sizeof(int)), 1 + tokens);
        var job = new Job { Rows = rows, Lists = lists, Count = tokens };
        compute.Pool.Run(rows.Parts, ref job);
        return lists;
    }

    struct Job : IJob
    {
        public QuantizedRows Rows;
        public RestLists Lists;
        public int Count;

        public readonly void Run(int part)
        {
            var list = Lists.Tokens(part);
            var count = 0;
            for (var token = 0; token < Count; token++)
                if (Rows.Row(token)[part].HasRest != 0) list[++count] = token;
            *list = count;
        }
    }
}
