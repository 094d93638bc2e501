using Homegrown.Engine;
using Homegrown.Server.Gateway.Providers;

namespace Homegrown.Server.Gateway;

/// <summary>Models of this process as a server offers them. It does not own them.</summary>
public static class Served
{
    public static IServedModel Of(LocalModel model) => new LocalServedModel(model);

    public static IServedEmbedder Of(EmbeddingModel model) => new LocalEmbedder(model);

    public static IServedReranker Of(RerankModel model) => new LocalReranker(model);
}
