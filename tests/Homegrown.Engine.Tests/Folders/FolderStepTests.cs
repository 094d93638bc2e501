using Homegrown.Engine.Tests.Models;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Folders;

/// <summary>
/// A model cannot tell in what steps a sequence came, nor what ran beside it: all ways to the same tokens end in the same logits,
/// but for the order of float32 sums.
/// </summary>
public sealed class FolderStepTests
{
    // In delta-nets the fixtures' own float32 reference is 1.8e-11 from float64; a row by itself reaches 2.1e-11 here, other models 1e-12.
    const double Bound = 1e-10;

    // Rotations that depend on the length of the pass, and layouts of the same families.
    static readonly string[] Others = ["llama-dynamic", "phi3", "phimoe", "-ct-fp8", "-fp8", "-gptq-sym", "-gptq-asym", "-awq", "-ct-int4", "-mxfp4", "-fp4"];

    public static TheoryData<string> Folders => [.. FolderTests.Folders.Select(row => row.Data).Where(name => !Others.Any(name.EndsWith))];

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_prompt_in_chunks_of_odd_sizes_equals_the_whole(string name)
    {
        var (folder, tokens) = Fixture(name);
        using var whole = new StepDriver(folder, exact: true);
        var expected = whole.Run((0, tokens))[0];
        foreach (var size in (int[])[1, 3, 7, 29])
        {
            using var chunks = new StepDriver(folder, exact: true);
            var last = Array.Empty<float>();
            foreach (var chunk in tokens.Chunk(size)) last = chunks.Run((0, chunk))[0];
            Equal(expected, last);
        }
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Prefill_equals_step_by_step_at_every_position(string name)
    {
        var (folder, tokens) = Fixture(name);
        using var model = LocalModel.Load(folder, new() { Exact = true });
        using var steps = new StepDriver(folder, exact: true);
        model.Logits(tokens, (position, row) => Equal(row.ToArray(), steps.Run((0, tokens[position..(position + 1)]))[0]));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_ragged_batch_equals_each_sequence_alone(string name)
    {
        var (folder, tokens) = Fixture(name);
        var other = tokens.Reverse().ToArray();
        using var alone = new StepDriver(folder, exact: true);
        alone.Run((0, tokens[..7]));
        var first = alone.Run((0, tokens[7..9]))[0];
        alone.Run((1, other[..20]));
        var second = alone.Run((1, other[20..21]))[0];

        using var together = new StepDriver(folder, exact: true);
        together.Run((0, tokens[..7]), (1, other[..20]));
        var both = together.Run((1, other[20..21]), (0, tokens[7..9]));
        Equal(second, both[0]);
        Equal(first, both[1]);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_sequence_that_is_restored_from_a_snapshot_forgets_what_came_after(string name)
    {
        var (folder, tokens) = Fixture(name);
        using var straight = new StepDriver(folder, exact: true);
        straight.Run((0, tokens[..11]));
        var expected = straight.Run((0, tokens[11..30]))[0];

        using var astray = new StepDriver(folder, exact: true);
        astray.Run((0, tokens[..11]));
        var saved = astray.Save(0);
        using var states = saved.States;
        astray.Run((0, [.. tokens[11..25].Reverse()]));
        astray.Restore(0, saved);
        Equal(expected, astray.Run((0, tokens[11..30]))[0]);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_decoded_token_allocates_nothing(string name)
    {
        var (folder, tokens) = Fixture(name);
        using var steps = new StepDriver(folder, exact: true);
        steps.Run((0, tokens[..20]));
        foreach (var token in tokens[20..25]) steps.Run((0, [token]));
        Assert.Equal(0, tokens[25..28].Min(token => steps.Allocated(0, token)));    // the first wait for another test's turn may take a handle
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Another_sequence_that_begins_with_a_snapshot_goes_on_as_the_first(string name)
    {
        var (folder, tokens) = Fixture(name);
        using var straight = new StepDriver(folder, exact: true);
        var expected = straight.Run((0, tokens[..30]))[0];

        using var reused = new StepDriver(folder, exact: true);
        reused.Run((0, tokens[..11]));
        var saved = reused.Save(0);
        using var states = saved.States;
        reused.Run((0, [.. tokens[..30].Reverse()]));
        reused.Fork(0, 1, saved);
        Equal(expected, reused.Run((1, tokens[11..30]))[0]);
    }

    static void Equal(float[] expected, float[] actual) => Assert.InRange(Numbers.Nmse(actual, expected), 0, Bound);

    static (string Folder, int[] Tokens) Fixture(string name)
    {
        var folder = Repository.Shared("hf", name);
        var tokens = FolderTests.Tokens(folder, "a");
        return (folder, name == "minicpm3" ? tokens[..32] : tokens);      // beyond 32 LongRoPE takes other divisors, and keys stay as they were turned
    }
}
