namespace Homegrown.Engine.Folders;

/// <summary>
/// Rotary settings of a config.json: <c>rope_parameters</c>, or in older folders <c>rope_theta</c>, <c>rope_scaling</c> and
/// <c>partial_rotary_factor</c>, which mean the same (<c>type</c> is an old name of <c>rope_type</c>).
/// </summary>
static class FolderRope
{
    /// <summary>Rows for models with one rotation; those with one for each kind of layer take <see cref="Of"/>.</summary>
    public static (string, Func<FolderConfig, object?>)[] Rows { get; } = Of("", "");

    /// <summary>The keys of one rotation.</summary>
    /// <param name="group">Name of a group in rope_parameters ("full_attention"), which older folders do not have; or empty.</param>
    /// <param name="suffix">Of the canonical keys ("_swa"), or empty.</param>
    public static (string, Func<FolderConfig, object?>)[] Of(string group, string suffix)
    {
        return
        [
            ($"rope.freq_base{suffix}", c => c.Find("rope_theta") is var older && Find(c, "rope_theta") is { } given ? given : older ?? c.Find("rotary_emb_base")),
            ($"rope.dimension_count{suffix}", c => Dimensions(c, Find(c, "partial_rotary_factor") ?? c.Find("partial_rotary_factor") ?? c.Find("rotary_pct"))),
            ($"rope.scaling{suffix}.type", Kind),
            ($"rope.scaling{suffix}.factor", c => Find(c, "factor")),
            ($"rope.scaling{suffix}.original_context_length", c => c.Find("original_max_position_embeddings") is var older && Find(c, "original_max_position_embeddings") is { } given ? given : older),
            ($"rope.scaling{suffix}.attention_factor", c => Find(c, "attention_factor")),
            ($"rope.scaling{suffix}.yarn_beta_fast", c => Find(c, "beta_fast")),
            ($"rope.scaling{suffix}.yarn_beta_slow", c => Find(c, "beta_slow")),
            ($"rope.scaling{suffix}.mscale", c => Find(c, "mscale")),
            ($"rope.scaling{suffix}.mscale_all_dim", c => Find(c, "mscale_all_dim")),
            ($"rope.scaling{suffix}.truncate", c => Find(c, "truncate")),
            ($"rope.scaling{suffix}.low_freq_factor", c => Find(c, "low_freq_factor")),
            ($"rope.scaling{suffix}.high_freq_factor", c => Find(c, "high_freq_factor")),
            ($"rope.scaling{suffix}.short_factors", c => Find(c, "short_factor")),
            ($"rope.scaling{suffix}.long_factors", c => Find(c, "long_factor")),
        ];

        object? Find(FolderConfig c, string name)
            => group.Length > 0 && c.Has($"rope_parameters.{group}") ? c.Find($"rope_parameters.{group}.{name}") : c.Find($"rope_parameters.{name}") ?? c.Find($"rope_scaling.{name}");

        object? Kind(FolderConfig c) => (Find(c, "rope_type") ?? Find(c, "type")) switch { "default" or null => null, var kind => kind };
    }

    /// <summary>Dimensions that turn, by the share of a head that the folder gives; null where it gives none.</summary>
    public static object? Dimensions(FolderConfig c)
        => Dimensions(c, c.Find("rope_parameters.partial_rotary_factor") ?? c.Find("partial_rotary_factor"));

    static object? Dimensions(FolderConfig c, object? share)
    {
        if (share is null) return null;
        var head = c.Integer("head_dim") ?? (c.Integer("hidden_size") / c.Integer("num_attention_heads"));
        return head is { } width ? (long)(width * Convert.ToDouble(share, System.Globalization.CultureInfo.InvariantCulture)) : null;
    }
}
