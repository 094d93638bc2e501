using System.Net;
using Homegrown.Engine;
using Homegrown.Server.Accounts;
using Homegrown.Server.Endpoints;
using Homegrown.Server.Gateway;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Homegrown.Server;

/// <summary>
/// The OpenAI-compatible API and the chat page over HTTP. It reads no configuration but its options, handles no signals and
/// does not own the models: its caller does.
/// </summary>
public sealed class HomegrownServer : IAsyncDisposable
{
    readonly WebApplication app;

    HomegrownServer(WebApplication app) => this.app = app;

    /// <summary>Where it listens: "http://localhost:8080", with the port that was bound.</summary>
    public string Url => app.Urls.First();

    /// <summary>Starts serving one model of this machine.</summary>
    /// <inheritdoc cref="StartAsync(ServerOptions, IReadOnlyList{IServed}, CancellationToken)"/>
    public static Task<HomegrownServer> StartAsync(ServerOptions options, LocalModel model, CancellationToken cancellation = default) =>
        StartAsync(options, [Served.Of(model)], cancellation);

    /// <summary>Starts serving; the first model is the default.</summary>
    /// <exception cref="ArgumentException">The options contradict each other, or the host is no address.</exception>
    /// <exception cref="IOException">The address is taken.</exception>
    public static async Task<HomegrownServer> StartAsync(ServerOptions options, IReadOnlyList<IServed> models, CancellationToken cancellation = default)
    {
        var app = Build(options, new ServedModels(models));
        try
        {
            await app.StartAsync(cancellation);
            return new HomegrownServer(app);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends running streams with an error event, lets replies leave, and stops listening.</summary>
    public Task StopAsync(CancellationToken cancellation = default) => app.StopAsync(cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    static WebApplication Build(ServerOptions options, ServedModels models)
    {
        var guard = new BrowserGuard(options);
        var keys = new ApiKeys(options.ApiKeys);
        // The empty builder: no appsettings.json of the current folder, no environment variables, no console log.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
            Listen(kestrel, options);
        });
        if (options.Logs is { } logs) builder.Services.AddSingleton(logs);
        builder.Services.AddRoutingCore();
        builder.Services.AddCors();
        builder.Services.AddSingleton<IHostLifetime, CallersLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownTimeout);
        var app = builder.Build();

        var stopping = app.Lifetime.ApplicationStopping;
        var errors = new ErrorReplies(app.Services.GetRequiredService<ILoggerFactory>().CreateLogger<HomegrownServer>(), stopping);
        var service = new ApiService(models, options, errors, stopping);
        app.Use(errors.InvokeAsync);
        app.Use(guard.InvokeAsync);
        app.UseRouting();
        if (options.AllowedOrigins.Count > 0) app.UseCors(guard.Allow);
        app.Use(keys.InvokeAsync);
        foreach (var endpoint in EndpointCatalog.Rows)
            app.MapMethods(endpoint.Path, endpoint.Methods, http => endpoint.Handle(http, service)).WithMetadata(endpoint);
        return app;
    }

    static void Listen(KestrelServerOptions kestrel, ServerOptions options)
    {
        // Port 0 cannot be bound on both loopback addresses at once: then the IPv4 one serves.
        if (options.Host == "localhost" && options.Port != 0) kestrel.ListenLocalhost(options.Port);
        else if (options.Host == "*") kestrel.ListenAnyIP(options.Port);
        else kestrel.Listen(options.Host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(options.Host), options.Port);
    }

    /// <summary>Signals are the caller's: a library does not take Ctrl-C.</summary>
    sealed class CallersLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
