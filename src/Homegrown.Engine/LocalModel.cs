using Homegrown.Engine.Chat;
using Homegrown.Engine.Tokenizers;

namespace Homegrown.Engine;

/// <summary>Settings of a <see cref="LocalModel"/>.</summary>
public sealed record EngineOptions
{
    /// <summary>Threads that compute; 0 takes what the machine and its quota give.</summary>
    public int Threads { get; init; }

    /// <summary>Positions of the context; 0 takes the model's own length.</summary>
    public int ContextLength { get; init; }

    /// <summary>Float32 weights, activations and cache, for comparing with references.</summary>
    public bool Exact { get; init; }

    /// <summary>Forces a tier of the kernels; null takes the best.</summary>
    public Kernels.Tier? Tier { get; init; }
}

/// <summary>A model on this machine: weights, tokenizer, template, and the engine that runs requests. Safe for many callers.</summary>
public sealed class LocalModel : IDisposable
{
    LocalModel() => (Id, Path, Architecture, Tokenizer) = ("", "", "", null!);

    /// <summary>Opens a model file.</summary>
    /// <exception cref="Formats.ModelFileException">The file is not what it says.</exception>
    public static LocalModel Load(string path, EngineOptions? options = null) => throw new NotImplementedException();

    /// <summary>The name under which the API lists it: the file's name without extension.</summary>
    public string Id { get; }

    /// <summary>Absolute path of the (first) file.</summary>
    public string Path { get; }

    /// <summary>general.architecture of the file.</summary>
    public string Architecture { get; }

    public Tokenizer Tokenizer { get; }

    /// <summary>The file's chat template; null where it has none.</summary>
    public ChatTemplate? Template { get; }

    /// <summary>Positions that a prompt and its continuation may take together.</summary>
    public int ContextLength { get; }

    /// <summary>Length of a logits row.</summary>
    public int VocabularySize { get; }

    /// <summary>Renders a conversation and encodes it; control tokens spelled in contents become plain text unless <paramref name="parseContent"/>.</summary>
    public List<int> Encode(ChatPrompt prompt, bool parseContent = false) => throw new NotImplementedException();

    /// <summary>Runs a request: waits its turn, then yields pieces as they come. Cancelling stops the work at the next token.</summary>
    /// <exception cref="ContextLengthException">The prompt does not fit.</exception>
    public IAsyncEnumerable<GenerationPiece> GenerateAsync(GenerationRequest request, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Logits of every position: <paramref name="row"/> gets (position, [VocabularySize]), in order, for as long as it runs.</summary>
    public void Logits(IReadOnlyList<int> tokens, Action<int, ReadOnlySpan<float>> row) => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
