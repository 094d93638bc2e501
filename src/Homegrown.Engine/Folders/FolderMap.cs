namespace Homegrown.Engine.Folders;

/// <summary>How a family's folders are read: which config.json it is for, where its keys and tensors are.</summary>
/// <param name="ModelTypes">model_type of the text model.</param>
public sealed record FolderMap(params IReadOnlyList<string> ModelTypes)
{
    public KeyMap Keys { get; init; } = KeyMap.Decoder;

    /// <summary>Further settings that change nothing of a forward pass.</summary>
    public IReadOnlyList<string> Idle { get; init; } = [];

    public NameMap Names { get; init; } = NameMap.Llama;
}
