using System.Numerics;
using System.Runtime.InteropServices;
using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>One part of one token that has rests, both counted from the first of their call.</summary>
[StructLayout(LayoutKind.Sequential)]
readonly record struct RestEntry(ushort Part, ushort Token)
{
    public const int PartAt = 0, TokenAt = 2, Size = 4;
}

/// <summary>
/// Where quantized activations have rests, for kernels that multiply them after the codes. Few tokens share one list of parts; with
/// many, each block of tokens has a list of entries, since hardly a part is without rests in all of them.
/// </summary>
readonly unsafe struct RestLists
{
    /// <summary>Of the tokens' codes that stay in the second cache level while panels, and then the rests, are multiplied.</summary>
    const int BlockBytes = 256 << 10;

    readonly int* lists;
    readonly int stride;

    RestLists(int* lists, int stride)
    {
        this.lists = lists;
        this.stride = stride;
    }

    /// <summary>The parts in which any token of a tile has rests, ascending: how many, then their numbers.</summary>
    internal int* Parts(int tile) => lists + ((long)tile * stride);

    /// <summary>How many entries a block of tokens has. They are behind it, ascending by part, then by token.</summary>
    internal int* Entries(int block) => lists + ((long)block * stride);

    /// <summary>Of a block, where tokens are many: whole tiles.</summary>
    internal static int BlockTokens(QuantizedRows rows)
        => (int)Math.Max(4, BlockBytes / (PartEmitter.MaxTokens * rows.RowBytes)) * PartEmitter.MaxTokens;

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

    /// <summary>Entries, for each block of tokens.</summary>
    static RestLists OfMany(Compute compute, QuantizedRows rows, int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows.Parts, ushort.MaxValue, nameof(rows));
        var block = BlockTokens(rows);
        var blocks = (tokens + block - 1) / block;
        var lists = new RestLists((int*)compute.Arena.Take((long)blocks * (1 + (block * rows.Parts)) * sizeof(int)), 1 + (block * rows.Parts));
        var job = new Job { Rows = rows, Lists = lists, Tokens = tokens, Block = block };
        compute.Pool.Run(blocks, ref job);
        return lists;
    }

    struct Job : IJob
    {
        const int Eight = 8;

        public QuantizedRows Rows;
        public RestLists Lists;
        public int Tokens, Block;

        /// <summary>Eight parts at once, counted and then placed: most tokens have rests in none or few of them.</summary>
        public readonly void Run(int block)
        {
            var (first, end) = (block * Block, Math.Min((block + 1) * Block, Tokens));
            var entries = (RestEntry*)(Lists.Entries(block) + 1);
            Span<int> next = stackalloc int[Eight];
            var count = 0;
            for (var part = 0; part < Rows.Parts; part += Eight)
            {
                next.Clear();
                for (var token = first; token < end; token++)
                    for (var flags = Flags(token, part); flags != 0; flags &= flags - 1) next[BitOperations.TrailingZeroCount(flags) / 8]++;
                foreach (ref var place in next) (place, count) = (count, count + place);
                for (var token = first; token < end; token++)
                {
                    for (var flags = Flags(token, part); flags != 0; flags &= flags - 1)
                    {
                        var which = BitOperations.TrailingZeroCount(flags) / 8;
                        entries[next[which]++] = new((ushort)(part + which), (ushort)(token - first));
                    }
                }
            }

            *Lists.Entries(block) = count;
        }

        readonly ulong Flags(int token, int part) => *(ulong*)(Rows.Flags(token) + part);
    }
}
