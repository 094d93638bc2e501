namespace Homegrown.Cli.Tests;

public sealed class InterruptsTests
{
    [Fact]
    public void The_first_stops_the_answer_the_second_the_program_and_the_third_nothing()
    {
        using var interrupts = new Interrupts();
        using var program = interrupts.Open();
        using var answer = interrupts.Open();
        Assert.True(interrupts.Raise());
        Assert.True(answer.Token.IsCancellationRequested);
        Assert.False(program.Token.IsCancellationRequested);
        Assert.True(interrupts.Raise());
        Assert.True(program.Token.IsCancellationRequested);
        Assert.False(interrupts.Raise());
    }

    [Fact]
    public void A_scope_that_was_closed_is_not_stopped()
    {
        using var interrupts = new Interrupts();
        using var program = interrupts.Open();
        interrupts.Open().Dispose();
        Assert.True(interrupts.Raise());
        Assert.True(program.Token.IsCancellationRequested);
    }
}
