using System.Globalization;
using System.Text;

namespace Homegrown.Engine.Tokenizers.Decoders;

/// <summary>Sequence: one after the other.</summary>
sealed class DecoderSequence(IReadOnlyList<TextDecoder> decoders) : TextDecoder
{
    public override DecoderStep Start(DecoderStep next, DecoderStart start)
    {
        for (var i = decoders.Count - 1; i >= 0; i--) next = decoders[i].Start(next, start);
        return next;
    }
}

/// <summary>Fuse: all tokens are one.</summary>
sealed class Fuse : TextDecoder
{
    public override DecoderStep Start(DecoderStep next, DecoderStart start) => new Step(next);

    sealed class Step(DecoderStep next) : DecoderStep
    {
        public override void Take(ReadOnlySpan<char> part) => next.Take(part);

        public override void EndToken()
        {
        }

        public override void EndSequence()
        {
            next.EndToken();
            next.EndSequence();
        }
    }
}

/// <summary>No decoder: tokens with a space between them.</summary>
sealed class SpaceBetween : TextDecoder
{
    public override DecoderStep Start(DecoderStep next, DecoderStart start) =>
        new TokenChange((token, first) => first ? token : " " + token).Start(next, start);
}

/// <summary>BPEDecoder: a mark at the end of words becomes a space, but at the end of the sequence nothing.</summary>
sealed class EndOfWord(string suffix) : TextDecoder
{
    public override DecoderStep Start(DecoderStep next, DecoderStart start) => new Step(next, suffix);

    sealed class Step(DecoderStep next, string suffix) : WholeTokenStep(next)
    {
        string? last;

        protected override void TakeToken(string token)
        {
            if (last is not null) Give(last.Replace(suffix, " ", StringComparison.Ordinal));
            last = token;
        }

        public override void EndSequence()
        {
            if (last is not null) Give(last.Replace(suffix, "", StringComparison.Ordinal));
            last = null;
            base.EndSequence();
        }
    }
}

/// <summary>CTC: a token right after its like counts once, the blank not at all, and the delimiter is a space.</summary>
sealed class Ctc(string blank, string delimiter, bool cleanup) : TextDecoder
{
    public override DecoderStep Start(DecoderStep next, DecoderStart start)
    {
        string? last = null;
        return new TokenChange((token, _) =>
        {
            if (token == last) return null;
            last = token;
            var text = token.Replace(blank, "", StringComparison.Ordinal);
            if (cleanup) text = TokenDecoders.CleanUp(text).Replace(delimiter, " ", StringComparison.Ordinal);
            return text.Length == 0 ? null : text;
        }).Start(next, start);
    }
}

/// <summary>
/// ByteFallback: runs of tokens &lt;0xHH&gt; are UTF-8. A run that is none as a whole becomes one U+FFFD for each byte; a stream, which cannot take
/// back what it has shown, does so only for bytes that are no character.
/// </summary>
sealed class ByteFallback : TextDecoder
{
    public override DecoderStep Start(DecoderStep next, DecoderStart start) => new Step(next, start.Live);

    sealed class Step(DecoderStep next, bool live) : WholeTokenStep(next)
    {
        readonly List<byte> run = [];

        protected override void TakeToken(string token)
        {
            if (token is ['<', '0', 'x', _, _, '>'] && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                run.Add(value);
                if (live) ShowCharacters();
                return;
            }
            EndRun();
            Give(token);
        }

        public override void EndSequence()
        {
            EndRun();
            base.EndSequence();
        }

        void ShowCharacters()
        {
            while (run.Count > 0)
            {
                var status = Rune.DecodeFromUtf8(run.ToArray(), out var rune, out var length);
                if (status == System.Buffers.OperationStatus.NeedMoreData) return;
                Give(rune.ToString());
                run.RemoveRange(0, length);
            }
        }

        void EndRun()
        {
            if (run.Count == 0) return;
            try
            {
                Give(StrictUtf8.GetString([.. run]));
            }
            catch (DecoderFallbackException)
            {
                for (var i = 0; i < run.Count; i++) Give("\uFFFD");
            }
            run.Clear();
        }

        static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    }
}

/// <summary>ByteLevel: tokens are bytes spelled in <see cref="ByteAlphabet"/>; a token with any other character is its own UTF-8.</summary>
sealed class ByteLevel : TextDecoder
{
    public override DecoderStep Start(DecoderStep next, DecoderStart start) => new Step(next);

    sealed class Step(DecoderStep next) : WholeTokenStep(next)
    {
        readonly Decoder decoder = Encoding.UTF8.GetDecoder();
        readonly System.Buffers.ArrayBufferWriter<byte> bytes = new();

        protected override void TakeToken(string token)
        {
            bytes.ResetWrittenCount();
            ByteAlphabet.Spell(token, bytes);
            Show(flush: false);
        }

        public override void EndSequence()
        {
            bytes.ResetWrittenCount();
            Show(flush: true);
            Next.EndToken();
            base.EndSequence();
        }

        void Show(bool flush)
        {
            var chars = new char[bytes.WrittenCount + 2];
            Next.Take(chars.AsSpan(0, decoder.GetChars(bytes.WrittenSpan, chars, flush)));
        }
    }
}
