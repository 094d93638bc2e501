using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Normalizers;

/// <summary>One after the other.</summary>
sealed class NormalizerSequence(IReadOnlyList<Normalizer> steps) : Normalizer
{
    readonly Spare<Buffers> spare = new();

    public override void Append(ReadOnlySpan<char> text, TextBuffer to)
    {
        if (steps.Count == 0) to.Append(text);
        if (steps.Count <= 1)
        {
            foreach (var step in steps) step.Append(text, to);
            return;
        }
        var buffers = spare.Take();
        var (from, next) = (buffers.First, buffers.Second);
        from.Clear();
        steps[0].Append(text, from);
        foreach (var step in steps.Skip(1))
        {
            next.Clear();
            if (from.Length > 0) step.Append(from.Text, next);
            (from, next) = (next, from);
        }
        to.Append(from.Text);
        spare.Return(buffers);
    }

    sealed class Buffers
    {
        public TextBuffer First { get; } = new();

        public TextBuffer Second { get; } = new();
    }
}
