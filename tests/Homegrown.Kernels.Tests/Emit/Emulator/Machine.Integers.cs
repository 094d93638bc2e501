using System.Numerics;
using Iced.Intel;

namespace Homegrown.Kernels.Tests.Emit.Emulator;

/// <summary>General registers, flags and jumps.</summary>
sealed unsafe partial class Machine
{
    bool returned, zero, sign, carry, overflow, parity;

    static readonly Dictionary<Mnemonic, Action<Machine>> Integers = new()
    {
        [Mnemonic.Nop] = _ => { },
        [Mnemonic.Prefetcht0] = _ => { },
        [Mnemonic.Prefetcht1] = _ => { },
        [Mnemonic.Prefetcht2] = _ => { },
        [Mnemonic.Prefetchnta] = _ => { },
        [Mnemonic.Prefetchw] = _ => { },
        [Mnemonic.Vzeroupper] = m => m.ZeroUpper(),
        [Mnemonic.Ret] = m => m.Return(),
        [Mnemonic.Jmp] = m => m.next = m.current.NearBranchTarget,
        [Mnemonic.Mov] = m => m.Set(0, m.Get(1)),
        [Mnemonic.Movzx] = m => m.Set(0, m.Get(1)),
        [Mnemonic.Movsx] = m => m.Set(0, (ulong)m.Signed(1)),
        [Mnemonic.Movsxd] = m => m.Set(0, (ulong)m.Signed(1)),
        [Mnemonic.Lea] = m => m.Set(0, m.Address()),
        [Mnemonic.Push] = m => m.Push(m.Get(0)),
        [Mnemonic.Pop] = m => m.Set(0, m.Pop()),
        [Mnemonic.Add] = m => m.Set(0, m.Sum(m.Get(0), m.Get(1))),
        [Mnemonic.Sub] = m => m.Set(0, m.Difference(m.Get(0), m.Get(1))),
        [Mnemonic.Cmp] = m => m.Difference(m.Get(0), m.Get(1)),
        [Mnemonic.Neg] = m => m.Set(0, m.Difference(0, m.Get(0))),
        [Mnemonic.Inc] = m => m.KeepCarry(() => m.Set(0, m.Sum(m.Get(0), 1))),
        [Mnemonic.Dec] = m => m.KeepCarry(() => m.Set(0, m.Difference(m.Get(0), 1))),
        [Mnemonic.And] = m => m.Set(0, m.Logic(m.Get(0) & m.Get(1))),
        [Mnemonic.Test] = m => m.Logic(m.Get(0) & m.Get(1)),
        [Mnemonic.Or] = m => m.Set(0, m.Logic(m.Get(0) | m.Get(1))),
        [Mnemonic.Xor] = m => m.Set(0, m.Logic(m.Get(0) ^ m.Get(1))),
        [Mnemonic.Not] = m => m.Set(0, ~m.Get(0)),
        [Mnemonic.Imul] = m => m.Multiply(),
        [Mnemonic.Shl] = m => m.Shift((x, n) => (x << n, x >> (m.Bits - n))),
        [Mnemonic.Shr] = m => m.Shift((x, n) => (x >> n, x >> (n - 1))),
        [Mnemonic.Sar] = m => m.Shift((_, n) => ((ulong)(m.Signed(0) >> n), (ulong)(m.Signed(0) >> (n - 1)))),
        [Mnemonic.Ja] = Jump,
        [Mnemonic.Jae] = Jump,
        [Mnemonic.Jb] = Jump,
        [Mnemonic.Jbe] = Jump,
        [Mnemonic.Je] = Jump,
        [Mnemonic.Jne] = Jump,
        [Mnemonic.Jg] = Jump,
        [Mnemonic.Jge] = Jump,
        [Mnemonic.Jl] = Jump,
        [Mnemonic.Jle] = Jump,
        [Mnemonic.Jo] = Jump,
        [Mnemonic.Jno] = Jump,
        [Mnemonic.Js] = Jump,
        [Mnemonic.Jns] = Jump,
        [Mnemonic.Jp] = Jump,
        [Mnemonic.Jnp] = Jump,
        [Mnemonic.Cmova] = Move,
        [Mnemonic.Cmovae] = Move,
        [Mnemonic.Cmovb] = Move,
        [Mnemonic.Cmovbe] = Move,
        [Mnemonic.Cmove] = Move,
        [Mnemonic.Cmovne] = Move,
        [Mnemonic.Cmovg] = Move,
        [Mnemonic.Cmovge] = Move,
        [Mnemonic.Cmovl] = Move,
        [Mnemonic.Cmovle] = Move,
        [Mnemonic.Cmovo] = Move,
        [Mnemonic.Cmovno] = Move,
        [Mnemonic.Cmovs] = Move,
        [Mnemonic.Cmovns] = Move,
        [Mnemonic.Cmovp] = Move,
        [Mnemonic.Cmovnp] = Move,
    };

    int Bits => 8 * SizeOf(0);
    ulong Ones => ulong.MaxValue >> (64 - Bits);

    /// <summary>An operand, zero-extended from its size; an immediate is cut to the destination's.</summary>
    ulong Get(int operand)
    {
        var kind = current.GetOpKind(operand);
        if (kind is not (OpKind.Register or OpKind.Memory)) return current.GetImmediate(operand) & Ones;
        if (kind == OpKind.Register) return GetRegister(current.GetOpRegister(operand));
        Span<byte> value = stackalloc byte[8];
        value.Clear();
        Memory(Address(), SizeOf(operand), write: false).CopyTo(value);
        return BitConverter.ToUInt64(value);
    }

    long Signed(int operand)
    {
        var unused = 64 - (8 * SizeOf(operand));
        return (long)(Get(operand) << unused) >> unused;
    }

    ulong GetRegister(Register register)
    {
        if (register is >= Register.AH and <= Register.BH) throw Fault("uses a high byte");
        return this[register.GetFullRegister()] & (ulong.MaxValue >> (64 - (8 * register.GetSize())));
    }

    void Set(int operand, ulong value)
    {
        if (current.GetOpKind(operand) == OpKind.Register) SetRegister(current.GetOpRegister(operand), value);
        else BitConverter.GetBytes(value).AsSpan(0, SizeOf(operand)).CopyTo(Memory(Address(), SizeOf(operand), write: true));
    }

    /// <summary>A write of 32 bits clears the upper half; one of 8 or 16 keeps the rest.</summary>
    void SetRegister(Register register, ulong value)
    {
        var size = register.GetSize();
        if (register is >= Register.AH and <= Register.BH) throw Fault("uses a high byte");
        var ones = ulong.MaxValue >> (64 - (8 * size));
        var kept = size < 4 ? this[register.GetFullRegister()] & ~ones : 0;
        this[register.GetFullRegister()] = kept | (value & ones);
    }

    ulong Logic(ulong result)
    {
        result &= Ones;
        (zero, sign, parity) = (result == 0, (result >> (Bits - 1)) != 0, BitOperations.PopCount(result & 0xFF) % 2 == 0);
        (carry, overflow) = (false, false);
        return result;
    }

    ulong Sum(ulong a, ulong b)
    {
        var result = Logic(a + b);
        (carry, overflow) = (result < a, ((a ^ result) & (b ^ result)) >> (Bits - 1) != 0);
        return result;
    }

    ulong Difference(ulong a, ulong b)
    {
        var result = Logic(a - b);
        (carry, overflow) = (a < b, ((a ^ b) & (a ^ result)) >> (Bits - 1) != 0);
        return result;
    }

    void KeepCarry(Action step)
    {
        var kept = carry;
        step();
        carry = kept;
    }

    void Multiply()
    {
        if (current.OpCount == 1) throw Fault("is unknown to this machine");
        var unused = 64 - Bits;
        var second = current.OpCount == 3 ? (long)(Get(2) << unused) >> unused : Signed(1);
        var product = (Int128)(current.OpCount == 3 ? Signed(1) : Signed(0)) * second;
        Set(0, (ulong)(long)product);
        carry = overflow = product != (Int128)((long)((ulong)(long)product << unused) >> unused);
    }

    /// <summary>The result, and a value whose lowest bit is the last one shifted out.</summary>
    void Shift(Func<ulong, int, (ulong Result, ulong Out)> f)
    {
        var (x, n) = (Get(0), (int)Get(1) & (Bits == 64 ? 63 : 31));
        if (n == 0) return;
        if (n >= Bits) throw Fault("shifts by its width or more");
        var (result, last) = f(x, n);
        Set(0, Logic(result));
        // Defined for a count of 1 only: the sign changed.
        (carry, overflow) = ((last & 1) != 0, ((x ^ result) >> (Bits - 1) & 1) != 0);
    }

    void Push(ulong value)
    {
        this[Register.RSP] -= 8;
        BitConverter.TryWriteBytes(Memory(this[Register.RSP], 8, write: true), value);
    }

    ulong Pop()
    {
        var value = BitConverter.ToUInt64(Memory(this[Register.RSP], 8, write: false));
        this[Register.RSP] += 8;
        return value;
    }

    void Return()
    {
        if (this[Register.RSP] != entry) throw Fault($"rsp is off by {(long)(this[Register.RSP] - entry)}");
        Pop();
        returned = true;
    }

    static void Jump(Machine m)
    {
        if (m.Holds(m.current.ConditionCode)) m.next = m.current.NearBranchTarget;
    }

    // The source is read even when it is not moved, and a destination of 32 bits loses its upper half.
    static void Move(Machine m)
    {
        var (source, kept) = (m.Get(1), m.Get(0));
        m.Set(0, m.Holds(m.current.ConditionCode) ? source : kept);
    }

    bool Holds(ConditionCode condition) => condition switch
    {
        ConditionCode.o => overflow,
        ConditionCode.no => !overflow,
        ConditionCode.b => carry,
        ConditionCode.ae => !carry,
        ConditionCode.e => zero,
        ConditionCode.ne => !zero,
        ConditionCode.be => carry || zero,
        ConditionCode.a => !(carry || zero),
        ConditionCode.s => sign,
        ConditionCode.ns => !sign,
        ConditionCode.p => parity,
        ConditionCode.np => !parity,
        ConditionCode.l => sign != overflow,
        ConditionCode.ge => sign == overflow,
        ConditionCode.le => zero || sign != overflow,
        ConditionCode.g => !zero && sign == overflow,
        _ => throw Fault("has no condition"),
    };
}
