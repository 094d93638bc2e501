using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Tests.Emit.Emulator;

namespace Homegrown.Kernels.Tests.Emit;

/// <summary>The loops that measure instructions run where the instructions are, and are interpreted everywhere.</summary>
public sealed unsafe class RoofEmitterTests
{
    public static TheoryData<string> Names => [.. RoofEmitter.All.Select(instruction => instruction.Name)];

    [Theory, MemberData(nameof(Names))]
    public void A_loop_repeats_its_instruction_and_ends(string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the interpreter calls as System V does");
        const int Rounds = 2;
        using var code = RoofEmitter.All.Single(instruction => instruction.Name == name).Emit();
        using var argument = RoofEmitter.Argument(Rounds);
        using var machine = new Machine();
        machine.Allow(argument.Data, (nint)argument.Bytes);
        machine.Run(code.Code, (nint)argument.Data);
        var repeated = name.Split(' ')[0];
        var inLoop = CodeChecks.Decode(code).Count(i => i.Mnemonic.ToString().Equals(repeated, StringComparison.OrdinalIgnoreCase));
        Assert.Equal(RoofEmitter.Sums, inLoop);
        Assert.InRange(machine.Steps, Rounds * inLoop, (Rounds * (inLoop + 2)) + 16);
    }
}
