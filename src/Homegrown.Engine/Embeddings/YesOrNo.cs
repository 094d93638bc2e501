using Homegrown.Engine.Chat;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Layers;
using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Engine.Tokenizers;
using Homegrown.Kernels;

namespace Homegrown.Engine.Embeddings;

/// <summary>
/// Qwen3-Reranker (Alibaba, 2025, arXiv 2506.05176 §2.1): a language model is asked whether the document meets the query, and its next word is
/// the score: how likely yes is, of yes and no. Prompt and default instruction are those of its model card.
/// </summary>
sealed class YesOrNo : Relevance
{
    const string Instruction = "Given a web search query, retrieve relevant passages that answer the query";

    const string Before =
        "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct provided. Note that the answer can only be \"yes\" or \"no\"."
        + "<|im_end|>\n<|im_start|>user\n";

    const string After = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n";

    readonly TextEncoder model;
    readonly Linear? head;
    readonly int yes, no;

    /// <exception cref="ModelFileException">It does not know the words, or cannot generate.</exception>
    public YesOrNo(TextEncoder model)
    {
        this.model = model;
        if (model.Weights.Has("cls.output"))                                 // GGUF keeps the two rows of the head, yes first
            (head, yes, no) = (model.Weights.Linear("cls.output", model.Config.Hidden, 2), 0, 1);
        else
            (yes, no) = (Word("yes"), Word("no"));
    }

    public override LogitsOf Wanted => LogitsOf.Last;

    public override EncodedPair Encode(string query, string document, string? instruction)
    {
        var ids = new List<int>();
        Add([new(Before, FromContent: false)]);
        Add([new($"<Instruct>: {instruction ?? Instruction}\n<Query>: {query}\n<Document>: {document}", FromContent: true)]);
        Add([new(After, FromContent: false)]);
        return new(ids, []);

        void Add(PromptSpan[] part) => model.Tokenizer.Encode(part, ids);
    }

    public override Tensor Forward(Batch batch) => head is null ? ((Decoder)model.Model).Forward(batch) : head.Forward(model.Encoder.Encode(batch));

    public override float Score(ReadOnlySpan<float> row) => (float)(1 / (1 + Math.Exp(row[no] - row[yes])));

    int Word(string word) => model.Tokenizer.Find(word) ?? throw model.Source.Keys.Error("vocab_size", $"the vocabulary has no token '{word}': this is no reranker of the Qwen3 kind");
}
