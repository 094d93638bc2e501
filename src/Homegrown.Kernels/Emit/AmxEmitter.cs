using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Homegrown.Kernels.Emit;

/// <summary>
/// Products in tiles of bfloat16 (AMX): one or two tiles of tokens by one or two panels of weights, block of tokens after block.
/// Four loads feed four products, so that a product (16 cycles) takes longer than a load (8, from the first cache level).
/// </summary>
/// <remarks>
/// A kernel takes an <see cref="AmxCall"/>, configures the tiles and releases them: tiles in use would be saved at every switch of
/// threads. It touches no vector.
/// </remarks>
static class AmxEmitter
{
    static readonly AssemblerRegister64 Call = rdi, X = rax, X1 = rcx, Pairs = rdx, Pairs1 = rsi, TileRow = r8, Steps = r9, Y = r10, YBytes = r11;

    /// <param name="tokenTiles">1 or 2.</param>
    /// <param name="panels">1 or 2.</param>
    internal static CodePage Emit(int tokenTiles, int panels)
    {
        var a = new Assembler(64);
        var (nextBlock, nextStep) = (a.CreateLabel(), a.CreateLabel());
        Platform.Enter(a);
        a.ldtilecfg(__[Call]);
        a.mov(TileRow, TileConfiguration.MaxRowBytes);
        a.mov(YBytes, __qword_ptr[Call + AmxCall.YBytesAt]);
        a.Label(ref nextBlock);
        ForSums(a, tokenTiles, panels, (sums, y) => a.tileloadd(sums, y));
        a.mov(X, __qword_ptr[Call + AmxCall.XAt]);
        a.mov(X1, __qword_ptr[Call + AmxCall.XTileBytesAt]);
        a.add(X1, X);
        a.mov(Pairs, __qword_ptr[Call + AmxCall.PairsAt]);
        a.mov(Pairs1, __qword_ptr[Call + AmxCall.PanelBytesAt]);
        a.add(Pairs1, Pairs);
        a.mov(Steps, __qword_ptr[Call + AmxCall.StepsAt]);
        a.Label(ref nextStep);
        Step(a, tokenTiles, panels);
        a.add(X, AmxCall.TileBytes);
        if (tokenTiles > 1) a.add(X1, AmxCall.TileBytes);
        a.add(Pairs, AmxCall.TileBytes);
        if (panels > 1) a.add(Pairs1, AmxCall.TileBytes);
        a.dec(Steps);
        a.jne(nextStep);
        ForSums(a, tokenTiles, panels, (sums, y) => a.tilestored(y, sums));
        NextTokens(a);
        a.dec(__qword_ptr[Call + AmxCall.BlocksAt]);
        a.jne(nextBlock);
        a.tilerelease();
        Platform.Leave(a);
        return new CodePage(a);
    }

    static AssemblerRegisterTMM Tile(int number) => new(Register.TMM0 + number);

    /// <summary>32 columns of all tokens and rows. Each product is as far from the next of its sums as the others take: 64 cycles, its latency is 52.</summary>
    static void Step(Assembler a, int tokenTiles, int panels)
    {
        for (var tokens = 0; tokens < tokenTiles; tokens++)
        {
            a.tileloadd(Tile(AmxCall.XTile + tokens), __[(tokens == 0 ? X : X1) + (TileRow * 1)]);
            for (var panel = 0; panel < panels; panel++)
            {
                if (tokens == 0) a.tileloadd(Tile(AmxCall.PairsTile + panel), __[(panel == 0 ? Pairs : Pairs1) + (TileRow * 1)]);
                a.tdpbf16ps(Tile(AmxCall.SumsTile + (2 * tokens) + panel), Tile(AmxCall.XTile + tokens), Tile(AmxCall.PairsTile + panel));
            }
        }
    }

    /// <summary>The tiles of sums and their places in y. Between them and the products registers are free.</summary>
    static void ForSums(Assembler a, int tokenTiles, int panels, Action<AssemblerRegisterTMM, AssemblerMemoryOperand> emit)
    {
        a.mov(Y, __qword_ptr[Call + AmxCall.YAt]);
        for (var tokens = 0; tokens < tokenTiles; tokens++)
        {
            if (tokens > 0) AddTokens(a, TileConfiguration.MaxRows);
            for (var panel = 0; panel < panels; panel++)
                emit(Tile(AmxCall.SumsTile + (2 * tokens) + panel), __[Y + (YBytes * 1) + (panel * TileConfiguration.MaxRowBytes)]);
        }
    }

    /// <summary>Moves y on by so many tokens.</summary>
    static void AddTokens(Assembler a, int tokens)
    {
        a.imul(X, YBytes, tokens);
        a.add(Y, X);
    }

    static void NextTokens(Assembler a)
    {
        a.mov(Y, __qword_ptr[Call + AmxCall.YAt]);
        AddTokens(a, AmxCall.BlockTokens);
        a.mov(__qword_ptr[Call + AmxCall.YAt], Y);
        a.mov(X, __qword_ptr[Call + AmxCall.XTileBytesAt]);
        a.lea(X, __[X + X]);
        a.add(__qword_ptr[Call + AmxCall.XAt], X);
    }
}
