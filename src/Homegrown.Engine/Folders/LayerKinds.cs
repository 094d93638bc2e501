namespace Homegrown.Engine.Folders;

/// <summary>The kinds of layers that a config.json lists.</summary>
static class LayerKinds
{
    /// <summary>Which layers keep a state instead of keys: <c>layer_types</c>; null where there is no such list.</summary>
    public static bool[]? Linear(FolderConfig c)
        => c.Find("layer_types") is not string[] types ? null : Array.ConvertAll(types, type => type switch
        {
            "linear_attention" => true,
            "full_attention" or "indexed_attention" or "deepseek_sparse_attention" or "hybrid_indexed" => false,
            _ => throw c.Error("layer_types", $"'{type}' is not supported here (linear_attention, full_attention, indexed_attention, deepseek_sparse_attention are)"),
        });
}
