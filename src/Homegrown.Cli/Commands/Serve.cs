using System.CommandLine;
using System.Net.Sockets;
using Homegrown.Cli.Options;
using Homegrown.Engine;
using Homegrown.Server;
using Microsoft.Extensions.Logging;

namespace Homegrown.Cli.Commands;

/// <summary>homegrown serve: the OpenAI-compatible API and the chat page, until Ctrl-C.</summary>
static class Serve
{
    public static Command Create(Terminal terminal)
    {
        var defaults = new ServerOptions();
        var verb = new Verb("serve", "Serves a model behind an OpenAI-compatible API, with a chat page.",
            "homegrown serve",
            "homegrown serve model.gguf --port 8000 --ctx 4096",
            "homegrown serve --host '*' --api-key \"$(cat key.txt)\"");
        var model = ModelOptions.AddTo(verb, terminal);
        var host = new Option<string>("--host")
        {
            Description = "localhost, an address of this machine, or * for all; others than this machine need a key.",
            HelpName = "ADDRESS",
            DefaultValueFactory = _ => defaults.Host,
        };
        var port = Numbers.Between("--port", 0, 65535, "TCP port; 0 takes a free one.", defaults.Port);
        var keys = new Option<string[]>("--api-key") { Description = "A key that clients must send; may be given several times.", HelpName = "KEY" };
        var open = new Option<bool>("--allow-without-key") { Description = "Serve other machines without a key." };
        var parallel = Numbers.AtLeast("--parallel", 1, "Requests that run at the same time; others wait in line.", new EngineOptions().Sequences);
        var origins = new Option<string[]>("--allow-origin")
        {
            Description = "A web origin whose pages may call the API (CORS); * for any, with a key.",
            HelpName = "URL",
        };
        foreach (var option in (ReadOnlySpan<Option>)[host, port, parallel, keys, open, origins]) verb.Add(option);
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var loaded = model.Load(parsed, change: settings => settings with { Sequences = parsed.GetValue(parallel) });
            using var logs = LoggerFactory.Create(log => log
                .SetMinimumLevel(LogLevel.Warning)
                .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None) // a start that fails is our own message
                .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
            var options = defaults with
            {
                Host = parsed.GetRequiredValue(host),
                Port = parsed.GetValue(port),
                ApiKeys = parsed.GetValue(keys) ?? [],
                AllowWithoutKey = parsed.GetValue(open),
                AllowedOrigins = parsed.GetValue(origins) ?? [],
                Logs = logs,
            };
            await using var server = await StartAsync(options, loaded, cancellation);
            terminal.Out.WriteLine($"{loaded.Id} is served at {server.Url} (chat page) and {server.Url}/v1 (API). Ctrl-C stops.");
            await Task.Delay(Timeout.Infinite, cancellation).ContinueWith(_ => { }, TaskScheduler.Default);
            await server.StopAsync(CancellationToken.None);
            return ExitCode.Ok;
        });
        return verb;
    }

    static async Task<HomegrownServer> StartAsync(ServerOptions options, LocalModel model, CancellationToken cancellation)
    {
        try
        {
            return await HomegrownServer.StartAsync(options, model, cancellation);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            throw new IOException($"cannot listen on {options.Host}, port {options.Port}: {error.Message} Choose others with --host and --port.", error);
        }
    }
}
