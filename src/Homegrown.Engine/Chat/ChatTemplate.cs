namespace Homegrown.Engine.Chat;

/// <summary>A model's chat template (Jinja), parsed once.</summary>
public sealed class ChatTemplate
{
    /// <param name="specialTokens">bos_token, eos_token, ... as the template may name them.</param>
    public ChatTemplate(string source, IReadOnlyDictionary<string, string> specialTokens) => throw new NotImplementedException();

    /// <summary>The conversation as text, knowing which stretches came from contents.</summary>
    public IReadOnlyList<PromptSpan> Render(ChatPrompt prompt) => throw new NotImplementedException();
}
