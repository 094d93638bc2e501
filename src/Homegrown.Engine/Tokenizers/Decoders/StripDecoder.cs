namespace Homegrown.Engine.Tokenizers.Decoders;

/// <summary>Strip: without up to so many of a character at the start and the end of each token.</summary>
sealed class StripDecoder(char content, int start, int stop) : TextDecoder
{
    public override DecoderStep Start(DecoderStep next, DecoderStart sequence) => new Step(next, content, start, stop, sequence.AtStart);

    /// <param name="atStart">Else the first token goes on with a text, and keeps its start.</param>
    sealed class Step(DecoderStep next, char content, int start, int stop, bool atStart) : DecoderStep
    {
        int toStrip = atStart ? start : 0;
        int held; // of the character at the end of what came: they may be the end of the token

        public override void Take(ReadOnlySpan<char> part)
        {
            while (toStrip > 0 && !part.IsEmpty)
            {
                if (part[0] == content) part = part[1..];
                toStrip = part.IsEmpty || part[0] == content ? toStrip - 1 : 0;
            }
            var body = part.TrimEnd(content);
            if (!body.IsEmpty)
            {
                Give(held);
                next.Take(body);
                held = 0;
            }
            held += part.Length - body.Length;
            if (held <= stop) return;
            Give(held - stop);
            held = stop;
        }

        public override void EndToken()
        {
            next.EndToken();
            (toStrip, held) = (start, 0);
        }

        public override void EndSequence() => next.EndSequence();

        void Give(int count)
        {
            for (var i = 0; i < count; i++) next.Take([content]);
        }
    }
}
