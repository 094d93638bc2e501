using Homegrown.Server.Wire;
using Microsoft.AspNetCore.Http;

namespace Homegrown.Server.Endpoints;

/// <summary>/health: the server listens, and its models are loaded.</summary>
static class Health
{
    public static Task HandleAsync(HttpContext http, ApiService service) =>
        WireJson.SendAsync(http, new HealthReply("ok"), WireJson.Default.HealthReply);
}
