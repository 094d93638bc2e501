using System.CommandLine;
using System.Net.Sockets;
using Homegrown.Cli.Options;
using Homegrown.Engine;
using Homegrown.Server;
using Homegrown.Server.Gateway;
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
            "homegrown serve --host '*' --api-key \"$(cat key.txt)\"",
            "homegrown serve qwen3.gguf --embed bge-m3/ --rerank bge-reranker/");
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
        var embed = new Option<string[]>("--embed") { Description = "An embedding model to serve besides, at /v1/embeddings.", HelpName = "MODEL" };
        var rerank = new Option<string[]>("--rerank") { Description = "A reranker to serve besides, at /v1/rerank.", HelpName = "MODEL" };
        var origins = new Option<string[]>("--allow-origin")
        {
            Description = "A web origin whose pages may call the API (CORS); * for any, with a key.",
            HelpName = "URL",
        };
        foreach (var option in (ReadOnlySpan<Option>)[host, port, parallel, embed, rerank, keys, open, origins]) verb.Add(option);
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var loaded = model.Load(parsed, change: settings => settings with { Sequences = parsed.GetValue(parallel) });
            using var others = new Disposables();
            var served = new List<IServed> { Served.Of(loaded) };
            foreach (var name in parsed.GetValue(embed) ?? []) served.Add(Served.Of(others.Add(EmbeddingModel.Load(ModelStore.Of(terminal).Resolve(name), model.Settings(parsed)))));
            foreach (var name in parsed.GetValue(rerank) ?? []) served.Add(Served.Of(others.Add(RerankModel.Load(ModelStore.Of(terminal).Resolve(name), model.Settings(parsed)))));
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
            await using var server = await StartAsync(options, served, cancellation);
            terminal.Out.WriteLine($"{loaded.Id} is served at {server.Url} (chat page) and {server.Url}/v1 (API). Ctrl-C stops.");
            await Task.Delay(Timeout.Infinite, cancellation).ContinueWith(_ => { }, TaskScheduler.Default);
            await server.StopAsync(CancellationToken.None);
            return ExitCode.Ok;
        });
        return verb;
    }

    /// <summary>What is given up together, the last first.</summary>
    sealed class Disposables : IDisposable
    {
        readonly Stack<IDisposable> owned = [];

        public T Add<T>(T owned)
            where T : IDisposable
        {
            this.owned.Push(owned);
            return owned;
        }

        public void Dispose()
        {
            while (owned.TryPop(out var last)) last.Dispose();
        }
    }

    static async Task<HomegrownServer> StartAsync(ServerOptions options, IReadOnlyList<IServed> models, CancellationToken cancellation)
    {
        try
        {
            return await HomegrownServer.StartAsync(options, models, cancellation);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            throw new IOException($"cannot listen on {options.Host}, port {options.Port}: {error.Message} Choose others with --host and --port.", error);
        }
    }
}
