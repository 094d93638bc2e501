using System.Runtime.InteropServices;
using Iced.Intel;

namespace Homegrown.Kernels.Tests.Emit.Emulator;

/// <summary>What the code did that a processor would fault on, or a caller would suffer from; the message names the instruction.</summary>
sealed class MachineException(string message) : Exception(message);

/// <summary>
/// An x86-64 processor for emitted code, on this process' own memory, so that kernels for instructions that a machine lacks are proved
/// on it too. It is as strict as the calling convention (System V): saved registers come back, zmm and ymm leave through vzeroupper,
/// tiles are released, memory is touched only where it was allowed.
/// </summary>
sealed unsafe partial class Machine : IDisposable
{
    const int StackBytes = 1 << 16, RedZone = 128;
    static readonly Register[] Arguments = [Register.RDI, Register.RSI, Register.RDX, Register.RCX, Register.R8, Register.R9];
    static readonly Register[] Saved = [Register.RBX, Register.RBP, Register.R12, Register.R13, Register.R14, Register.R15];

    readonly byte* stack = (byte*)NativeMemory.AlignedAlloc(StackBytes, 64);
    readonly List<(ulong Start, ulong End)> allowed = [];
    readonly Dictionary<ulong, Instruction> decoded = [];
    readonly ulong[] general = new ulong[16];
    Instruction current;
    ulong next, entry, codeStart, codeEnd;

    /// <summary>Instructions after which code counts as endless.</summary>
    public long StepLimit { get; set; } = 100_000_000;
    public long Steps { get; private set; }
    /// <summary>The 32 vector registers; they may be set before a run.</summary>
    public Vector[] Zmm { get; } = [.. Enumerable.Range(0, 32).Select(_ => new Vector())];
    /// <summary>The 8 mask registers k0 to k7.</summary>
    public ulong[] Masks { get; } = new ulong[8];

    /// <summary>A general register after (or before) a run: RAX, RDI, ...</summary>
    public ulong this[Register register]
    {
        get => general[register - Register.RAX];
        set => general[register - Register.RAX] = value;
    }

    /// <summary>Allows memory. After the first call, everything else (but the code, for reading, and the stack) is forbidden.</summary>
    public void Allow(void* start, nint bytes) => allowed.Add(((ulong)start, (ulong)start + (ulong)bytes));

    public void Dispose() => NativeMemory.AlignedFree(stack);

    /// <summary>
    /// Calls the code as a function: six arguments in registers, more on the stack. The code's address is where the span lies, so that
    /// what it reads relative to itself is found. Returns rax.
    /// </summary>
    /// <exception cref="MachineException">The code did what <see cref="Machine"/> forbids, or used an instruction it does not know.</exception>
    public nint Run(ReadOnlySpan<byte> code, params ReadOnlySpan<nint> arguments)
    {
        fixed (byte* start = code)
        {
            (codeStart, codeEnd, next) = ((ulong)start, (ulong)start + (ulong)code.Length, (ulong)start);
            decoded.Clear();
            Enter(arguments);
            var saved = Array.ConvertAll(Saved, r => this[r]);
            for (Steps = 0; !returned; Steps++)
            {
                if (Steps >= StepLimit) throw Fault($"still running after {StepLimit} steps");
                current = Decode(next);
                next = current.NextIP;
                Execute();
            }

            for (var i = 0; i < Saved.Length; i++)
                if (this[Saved[i]] != saved[i]) throw Fault($"{Saved[i]} is not what the caller had");
            if (this[Register.RSP] != entry + 8) throw Fault("RSP is not what the caller had");
            if (dirtyUppers) throw Fault("no vzeroupper after the last use of ymm or zmm");
            if (palette != 0) throw Fault("no tilerelease");
            return (nint)this[Register.RAX];
        }
    }

    void Enter(ReadOnlySpan<nint> arguments)
    {
        returned = false;
        for (var i = 0; i < Math.Min(6, arguments.Length); i++) this[Arguments[i]] = (ulong)arguments[i];
        // rsp is 8 off a multiple of 16 at entry: the return address was pushed. Beyond it lie the seventh and later arguments.
        var rest = Math.Max(0, arguments.Length - 6);
        var top = (ulong)stack + StackBytes - (ulong)((rest + 1) / 2 * 16);
        for (var i = 0; i < rest; i++) ((ulong*)top)[i] = (ulong)arguments[6 + i];
        entry = top - 8;
        *(ulong*)entry = codeEnd;
        this[Register.RSP] = entry;
    }

    Instruction Decode(ulong at)
    {
        if (decoded.TryGetValue(at, out var known)) return known;
        if (at < codeStart || at >= codeEnd) throw Fault($"continues at {at:x}, outside of the code");
        var bytes = new ReadOnlySpan<byte>((byte*)at, (int)Math.Min(15, codeEnd - at)).ToArray();
        var instruction = Decoder.Create(64, new ByteArrayCodeReader(bytes), at).Decode();
        if (instruction.IsInvalid) throw Fault($"bytes at {at - codeStart:x} are no instruction: {System.Convert.ToHexString(bytes)}");
        return decoded[at] = instruction;
    }

    void Execute()
    {
        if (Integers.TryGetValue(current.Mnemonic, out var integer)) integer(this);
        else if (Tiles.TryGetValue(current.Mnemonic, out var tile)) tile(this);
        else if (VectorTable.Rows.TryGetValue(current.Mnemonic, out var row)) Execute(row);
        else throw Fault("is unknown to this machine");
    }

    MachineException Fault(string what) => new($"+{current.IP - codeStart:x} {current}: {what}");

    ulong Address()
    {
        if (current.SegmentPrefix != Register.None) throw Fault("has a segment");
        if (current.IsIPRelativeMemoryOperand) return current.IPRelativeMemoryAddress;
        return current.MemoryDisplacement64
            + (current.MemoryBase == Register.None ? 0 : this[current.MemoryBase])
            + (current.MemoryIndex == Register.None || current.MemoryIndex.IsTMM() ? 0 : this[current.MemoryIndex] * (ulong)current.MemoryIndexScale);
    }

    /// <summary>The memory, after it was checked; the only way to it.</summary>
    Span<byte> Memory(ulong address, int bytes, bool write)
    {
        var end = address + (ulong)bytes;
        if (address >= (ulong)stack && address < (ulong)stack + StackBytes)
        {
            // Below the red zone a signal may write at any time; the return address and what is above it are the caller's.
            if (address < this[Register.RSP] - RedZone || end > (ulong)stack + StackBytes) throw Fault($"touches the stack at rsp{(long)(address - this[Register.RSP])}");
            if (write && end > entry) throw Fault("writes the caller's stack");
        }
        else if (address >= codeStart && end <= codeEnd)
        {
            if (write) throw Fault("writes the code");
        }
        else if (allowed.Count > 0 && !allowed.Exists(r => address >= r.Start && end <= r.End))
        {
            throw Fault($"{(write ? "writes" : "reads")} {bytes} bytes at {address:x}, which is not allowed");
        }

        return new((byte*)address, bytes);
    }
}
