using System.CommandLine;
using System.Text.Json.Nodes;
using Homegrown.Cli.Measuring;
using Homegrown.Cli.Options;
using Homegrown.Engine;
using Homegrown.Server;
using Spectre.Console;

namespace Homegrown.Cli.Commands;

/// <summary>homegrown bench --serve: many requests at a server, this program's or another.</summary>
sealed class BenchServe
{
    const int UsualPrompt = 145;

    readonly Option<bool> serve = new("--serve") { Description = "Measure a server under many requests instead: this one, or that of --url." };
    readonly Option<int> streams = Numbers.AtLeast("--streams", 1, "With --serve: requests at the same time.", 16);
    readonly Option<int> requests = Numbers.AtLeast("--requests", 1, "With --serve: requests of a round.", 32);
    readonly Option<Uri?> url = new("--url")
    {
        Description = "With --serve: an OpenAI-compatible server to measure.",
        HelpName = "URL",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https") return address;
            result.AddError($"--url is {text}; it must be like http://localhost:8000.");
            return null;
        },
    };
    readonly Option<string?> key = new("--key") { Description = "With --url: the bearer token that it wants.", HelpName = "KEY" };

    public BenchServe(Verb verb)
    {
        foreach (var option in (ReadOnlySpan<Option>)[serve, streams, requests, url, key]) verb.Add(option);
    }

    public bool IsWanted(ParseResult parsed) => parsed.GetValue(serve);

    /// <param name="load">Loads the model that is served here.</param>
    /// <param name="prompt">Tokens of a prompt, where given.</param>
    public async Task<int> RunAsync(Terminal terminal, ParseResult parsed, Func<int, LocalModel> load, int? prompt, int generate, bool asJson, CancellationToken cancellation)
    {
        var work = new ServerLoad(parsed.GetValue(requests), parsed.GetValue(streams), prompt ?? UsualPrompt, generate);
        using var own = parsed.GetValue(url) is null ? load(work.Streams) : null;
        await using var server = own is null ? null : await HomegrownServer.StartAsync(new ServerOptions { Host = "127.0.0.1", Port = 0 }, own, cancellation);
        var address = new Uri((parsed.GetValue(url)?.ToString() ?? server!.Url).TrimEnd('/') + "/");
        if (address.AbsolutePath.EndsWith("/v1/", StringComparison.Ordinal)) address = new Uri(address, "../");
        using var progress = new ProgressLine(terminal, "measuring", checked(2 * work.Requests * work.Generate), "tokens", asJson);
        await (work with { Requests = 1, Generate = 8 }).RunAsync(address, parsed.GetValue(key), seed: 0, _ => { }, cancellation);      // warms up
        var before = 0;
        LoadRound fresh = await Round(), cached = await Round();
        progress.Dispose();
        if (asJson) terminal.Out.WriteLine(Json.Line(new JsonObject
        {
            ["server"] = own?.Id ?? address.ToString(),
            ["requests"] = work.Requests,
            ["streams"] = work.Streams,
            ["prompt"] = work.Prompt,
            ["generate"] = work.Generate,
            ["fresh"] = fresh.ToJson(),
            ["cached"] = cached.ToJson(),
        }));
        else terminal.Console.Write(Table(work, fresh, cached));
        return ExitCode.Ok;

        async Task<LoadRound> Round()
        {
            var round = await work.RunAsync(address, parsed.GetValue(key), seed: 1, done => progress.Report(before + done), cancellation);
            before += round.Tokens;
            return round;
        }
    }

    static Table Table(ServerLoad work, LoadRound fresh, LoadRound cached)
    {
        var table = new Table().Border(TableBorder.None).AddColumns($"{work.Requests} requests, {work.Streams} at a time, {work.Prompt} + {work.Generate} tokens", "prompts new", "prompts cached");
        void Row(string name, Func<LoadRound, string> value) => table.AddRow(name, value(fresh), value(cached));
        Row("generated", round => $"{round.TokensPerSecond:0.0} tokens/s");
        Row("first token, median", round => Milliseconds(round.MedianFirst));
        Row("gap between tokens, median", round => Milliseconds(round.MedianGap));
        Row("gap between tokens, worst", round => $"{Milliseconds(round.WorstGap)} ({round.WorstGap / round.MedianGap:0.0} medians)");
        return table;
    }

    static string Milliseconds(TimeSpan time) => $"{time.TotalMilliseconds:0.0} ms";
}
