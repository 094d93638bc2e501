using Homegrown.Server.Wire;

namespace Homegrown.Server.Gateway;

/// <summary>The models that a server offers; of each kind the first is the default.</summary>
sealed class ServedModels
{
    readonly Dictionary<string, IServed> byId = new(StringComparer.Ordinal);

    public ServedModels(IReadOnlyList<IServed> models)
    {
        ArgumentOutOfRangeException.ThrowIfZero(models.Count, nameof(models));
        foreach (var model in models)
            if (!byId.TryAdd(model.Id, model)) throw new ArgumentException($"Two models are named '{model.Id}'.", nameof(models));
        All = models;
    }

    public IReadOnlyList<IServed> All { get; }

    /// <summary>The model of that name, whatever it does.</summary>
    public IServed Find(string id) => byId.TryGetValue(id, out var model) ? model : throw Missing(id, All);

    /// <summary>
    /// The model of that name; the default without a name. Another name is an error, not the default: an answer from a model
    /// that nobody asked for is worse than none.
    /// </summary>
    public T Find<T>(string? id)
        where T : class, IServed
    {
        var able = All.OfType<T>().ToList();
        if (string.IsNullOrEmpty(id))
            return able.FirstOrDefault() ?? throw new ApiException(404, $"No model here {Does(typeof(T))}. Served: {Names(All)}.") { Param = "model", Code = "model_not_found" };
        if (!byId.TryGetValue(id, out var model)) throw Missing(id, able);
        return model as T ?? throw new ApiException(400, $"The model '{id}' {Does(Kind(model))}; here one is needed that {Does(typeof(T))}. Available: {Names(able)}.") { Param = "model" };
    }

    static ApiException Missing(string id, IReadOnlyList<IServed> available) =>
        new(404, $"The model '{id}' is not served here. Available: {Names(available)}.") { Param = "model", Code = "model_not_found" };

    static string Names(IReadOnlyList<IServed> models) => models.Count == 0 ? "none" : string.Join(", ", models.Select(model => $"'{model.Id}'"));

    static Type Kind(IServed model) => model is IServedEmbedder ? typeof(IServedEmbedder) : model is IServedReranker ? typeof(IServedReranker) : typeof(IServedModel);

    static string Does(Type kind) =>
        kind == typeof(IServedEmbedder) ? "makes vectors (/v1/embeddings)" : kind == typeof(IServedReranker) ? "scores documents (/v1/rerank)" : "generates text";
}
