namespace Homegrown.Engine.Folders;

/// <summary>How a family's folders are read: which config.json it is for, where its keys and tensors are.</summary>
/// <param name="ModelTypes">model_type of the text model.</param>
public sealed record FolderMap(params IReadOnlyList<string> ModelTypes)
{
    public KeyMap Keys { get; init; } = KeyMap.Decoder;

    public NameMap Names { get; init; } = NameMap.Llama;
}
