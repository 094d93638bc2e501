using System.Buffers;
using System.Text;

namespace Homegrown.Engine.Tokenizers.Decoders;

/// <summary>
/// sentencepiece's own decoding: ▁ is a space, the first one is dropped where encoding puts one there, tokens &lt;0xHH&gt; are UTF-8 of which each bad byte
/// becomes U+FFFD.
/// </summary>
/// <param name="dropsSpace">Encoding adds a space before a text, or removes those that it begins with.</param>
/// <param name="dropsAll">All spaces at the start of the text, one a token, else one.</param>
sealed class SentencePieceDecoder(bool dropsSpace, bool dropsAll, string unknownPiece, string unknownText) : TextDecoder
{
    public override DecoderStep Start(DecoderStep next, DecoderStart start) =>
        new Step(next, start.AtStart && dropsSpace, dropsAll, unknownPiece, unknownText);

    sealed class Step(DecoderStep next, bool dropsSpace, bool dropsAll, string unknownPiece, string unknownText) : WholeTokenStep(next)
    {
        readonly List<byte> run = [];
        bool atStart = dropsSpace;

        protected override void TakeToken(string token)
        {
            if (Vocabulary.ByteOf(token) is { } value)
            {
                run.Add(value);
                ShowCharacters(ends: false);
                return;
            }
            ShowCharacters(ends: true);
            if (token == unknownPiece) token = unknownText;
            else if (atStart && token.StartsWith('▁'))
            {
                token = token[1..];
                atStart = dropsAll;
            }
            Show(token.Replace('▁', ' '));
        }

        public override void EndSequence()
        {
            ShowCharacters(ends: true);
            base.EndSequence();
        }

        void ShowCharacters(bool ends)
        {
            while (run.Count > 0)
            {
                var status = Rune.DecodeFromUtf8(run.ToArray(), out var rune, out var length);
                if (status == OperationStatus.NeedMoreData && !ends) return;
                run.RemoveRange(0, status == OperationStatus.Done ? length : 1);
                Show(status == OperationStatus.Done ? rune.ToString() : "\uFFFD");
            }
        }

        void Show(string text)
        {
            if (text.Length == 0) return;
            atStart = false;
            Give(text);
        }
    }
}
