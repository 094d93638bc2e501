using Iced.Intel;

namespace Homegrown.Kernels.Tests.Emit.Emulator;

/// <summary>Operands and write masks of vector instructions.</summary>
sealed unsafe partial class Machine
{
    // Set by a write of ymm or zmm 0 to 15, cleared by vzeroupper; the registers above do not slow legacy code down.
    bool dirtyUppers;

    void Execute(Row row)
    {
        if (current.RoundingControl != RoundingControl.None || current.SuppressAllExceptions) throw Fault("has embedded rounding");
        var count = current.OpCount;
        byte? immediate = current.GetOpKind(count - 1) == OpKind.Immediate8 ? current.Immediate8 : null;
        if (immediate is not null) count--;
        var bytes = Enumerable.Range(0, count).Max(i => SizeOf(i));
        bytes = bytes > 32 ? 64 : bytes > 16 ? 32 : 16;
        // A narrowing broadcast has its length in no operand.
        if (current.IsBroadcast) bytes = 16 << (int)current.Code.ToOpCode().L;
        var mask = current.OpMask == Register.None ? ulong.MaxValue : Masks[current.OpMask - Register.K0];
        var old = current.Op0Kind == OpKind.Register ? Source(0, row, bytes, mask) : new();
        var step = new Step
        {
            Bytes = bytes,
            Old = old,
            A = count > 1 ? Source(1, row, bytes, mask) : new(),
            B = count > 2 ? Source(2, row, bytes, mask) : new(),
            Immediate = immediate,
            Operands = count,
            ToMask = current.Op0Register.IsK(),
            Elsewhere = old,
        };
        row.Do(step);
        Write(row, step, mask);
    }

    int SizeOf(int operand) => current.GetOpKind(operand) == OpKind.Register
        ? current.GetOpRegister(operand).GetSize() : current.MemorySize.GetSize();

    Vector Source(int operand, Row row, int bytes, ulong mask)
    {
        if (current.GetOpKind(operand) == OpKind.Memory) return Load(row, bytes, mask);
        var register = current.GetOpRegister(operand);
        if (register.IsVectorRegister()) return Zmm[register.GetNumber()].Copy();
        var value = new Vector();
        value.Of<ulong>()[0] = register.IsK() ? Masks[register.GetNumber()] : this[register.GetFullRegister()];
        return value;
    }

    Vector Load(Row row, int bytes, ulong mask)
    {
        var (value, size) = (new Vector(), current.MemorySize.GetSize());
        if (current.IsBroadcast)
        {
            var lane = Memory(Address(), size, write: false);
            for (var i = 0; i < bytes; i += size) lane.CopyTo(value.Of<byte>()[i..]);
        }
        else if (row.Lanewise && mask != ulong.MaxValue)
        {
            // Lanes without a mask bit are not read: a masked load may reach beyond the end of memory.
            var lanes = row.Scalar ? 1 : bytes / Math.Max(row.Wide, row.Element);
            var lane = size / lanes;
            for (var i = 0; i < lanes; i++)
                if ((mask >> i & 1) != 0) Memory(Address() + (ulong)(i * lane), lane, write: false).CopyTo(value.Of<byte>()[(i * lane)..]);
        }
        else
        {
            Memory(Address(), size, write: false).CopyTo(value.Of<byte>());
        }

        return value;
    }

    void Write(Row row, Step step, ulong mask)
    {
        var result = step.Result.Of<byte>();
        if (current.Op0Kind == OpKind.Memory)
        {
            var size = current.MemorySize.GetSize();
            if (mask == ulong.MaxValue) result[..size].CopyTo(Memory(Address(), size, write: true));
            else
                for (var i = 0; i < size / row.Element; i++)
                    if ((mask >> i & 1) != 0) result.Slice(i * row.Element, row.Element).CopyTo(Memory(Address() + (ulong)(i * row.Element), row.Element, write: true));
            return;
        }

        var register = current.Op0Register;
        if (register.IsK()) Masks[register.GetNumber()] = step.Result.Of<ulong>()[0] & mask;
        else if (register.IsGPR()) SetRegister(register, step.Result.Of<ulong>()[0]);
        else
        {
            var elsewhere = current.ZeroingMasking ? new() : step.Elsewhere;
            for (var i = 0; i < (row.Scalar ? 1 : Math.Min(register.GetSize(), step.Width) / row.Element); i++)
                if ((mask >> i & 1) == 0) elsewhere.Of<byte>().Slice(i * row.Element, row.Element).CopyTo(result[(i * row.Element)..]);
            result[register.GetSize()..].Clear();
            Zmm[register.GetNumber()] = step.Result;
            dirtyUppers |= register.GetSize() > 16 && register.GetNumber() < 16;
        }
    }

    void ZeroUpper()
    {
        for (var i = 0; i < 16; i++) Zmm[i].Of<byte>()[16..].Clear();
        dirtyUppers = false;
    }
}
