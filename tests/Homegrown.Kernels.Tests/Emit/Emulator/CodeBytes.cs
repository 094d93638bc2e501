using Iced.Intel;

namespace Homegrown.Kernels.Tests.Emit.Emulator;

/// <summary>Assembles instructions one by one, for tests of the machine.</summary>
static class CodeBytes
{
    public static byte[] Of(params IEnumerable<Instruction> instructions)
    {
        var writer = new Writer();
        var encoder = Encoder.Create(64, writer);
        foreach (var instruction in instructions) encoder.Encode(instruction, (ulong)writer.Bytes.Count);
        return [.. writer.Bytes];
    }

    /// <summary>Through Iced's assembler: labels, jumps.</summary>
    public static byte[] Of(Action<Assembler> write)
    {
        var (assembler, writer) = (new Assembler(64), new Writer());
        write(assembler);
        assembler.Assemble(writer, 0);
        return [.. writer.Bytes];
    }

    sealed class Writer : CodeWriter
    {
        public List<byte> Bytes { get; } = [];
        public override void WriteByte(byte value) => Bytes.Add(value);
    }
}
