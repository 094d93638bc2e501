using Homegrown.Server.Wire;

namespace Homegrown.Server.Gateway;

/// <summary>The models that a server offers; the first is the default.</summary>
sealed class ServedModels
{
    readonly Dictionary<string, IServedModel> byId = new(StringComparer.Ordinal);

    public ServedModels(IReadOnlyList<IServedModel> models)
    {
        ArgumentOutOfRangeException.ThrowIfZero(models.Count, nameof(models));
        foreach (var model in models)
            if (!byId.TryAdd(model.Id, model)) throw new ArgumentException($"Two models are named '{model.Id}'.", nameof(models));
        All = models;
    }

    public IReadOnlyList<IServedModel> All { get; }

    /// <summary>
    /// The model of that name; the default without a name. Another name is an error, not the default: an answer from a model
    /// that nobody asked for is worse than none.
    /// </summary>
    public IServedModel Find(string? id)
    {
        if (string.IsNullOrEmpty(id)) return All[0];
        if (byId.TryGetValue(id, out var model)) return model;
        var names = string.Join(", ", All.Select(m => $"'{m.Id}'"));
        throw new ApiException(404, $"The model '{id}' is not served here. Available: {names}.") { Param = "model", Code = "model_not_found" };
    }
}
