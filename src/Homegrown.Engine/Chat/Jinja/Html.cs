namespace Homegrown.Engine.Chat.Jinja;

/// <summary>Escaping for HTML, as MarkupSafe does it.</summary>
static class Html
{
    /// <summary>Escapes unless it is Markup, which is escaped already.</summary>
    public static Text Escape(Text text) => text.IsMarkup ? text : text.Map(Escape).AsMarkup();

    static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal);
}
