using Homegrown.Server.Gateway;
using Homegrown.Server.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Homegrown.Server.Endpoints;

/// <summary>/v1/models and /v1/models/{id}.</summary>
static class Models
{
    public static Task ListAsync(HttpContext http, ApiService service) =>
        WireJson.SendAsync(http, new ModelList([.. service.Models.All.Select(Describe)]), WireJson.Default.ModelList);

    public static Task OneAsync(HttpContext http, ApiService service)
    {
        // Ids may contain slashes. Some SDKs escape them, and %2F is the one escape that the web server leaves in a path.
        var id = ((string)http.GetRouteValue("id")!).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        return WireJson.SendAsync(http, Describe(service.Models.Find(id)), WireJson.Default.ModelReply);
    }

    static ModelReply Describe(IServed model) => new(model.Id, model.Created.ToUnixTimeSeconds(), model.ContextLength);
}
