using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Homegrown.Cli.Measuring;

/// <summary>
/// So many requests at an OpenAI-compatible server, some at a time: prompts of token ids, all different, answers streamed. Sent a second
/// time they measure what the server remembers.
/// </summary>
/// <param name="Requests">Of a round.</param>
/// <param name="Streams">Of them at the same time.</param>
/// <param name="Prompt">Tokens of each prompt.</param>
/// <param name="Generate">Tokens of each answer.</param>
sealed record ServerLoad(int Requests, int Streams, int Prompt, int Generate)
{
    // Ids that every vocabulary of a language model has, and that are ordinary tokens in it.
    const int FirstId = 1000, LastId = 20000;

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);     // without a byte

    /// <param name="seed">Another seed makes other prompts.</param>
    /// <param name="key">A bearer token, or null.</param>
    /// <param name="tokens">Told how many tokens have come.</param>
    /// <exception cref="IOException">The server cannot be reached, or refuses a request.</exception>
    public async Task<LoadRound> RunAsync(Uri server, string? key, int seed, Action<int> tokens, CancellationToken cancellation)
    {
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Streams }) { BaseAddress = server, Timeout = Patience };
        if (key is not null) client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        var model = await ModelAsync(client, cancellation);
        var (next, all, answers) = (-1, 0, new StreamTimes[Requests]);
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Math.Min(Streams, Requests)).Select(async _ =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < Requests;)
                answers[i] = await AnswerAsync(client, model, Ids(seed, i), () => tokens(Interlocked.Increment(ref all)), cancellation);
        }));
        return new LoadRound(watch.Elapsed, answers);
    }

    static async Task<string> ModelAsync(HttpClient client, CancellationToken cancellation)
    {
        var list = await client.GetFromJsonAsync<JsonNode>("v1/models", cancellation);
        return (string?)list?["data"]?[0]?["id"] ?? throw new IOException($"{client.BaseAddress}v1/models lists no model.");
    }

    int[] Ids(int seed, int request)
    {
        var random = new Random((seed * 1_000_003) + request);
        return [.. Enumerable.Range(0, Prompt).Select(_ => random.Next(FirstId, LastId))];
    }

    async Task<StreamTimes> AnswerAsync(HttpClient client, string model, int[] prompt, Action token, CancellationToken cancellation)
    {
        var body = new { model, prompt, max_tokens = Generate, temperature = 0, stream = true, ignore_eos = true };
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/completions") { Content = JsonContent.Create(body) };
        request.Headers.ConnectionClose = true;                              // some servers end a connection after so many requests
        var watch = Stopwatch.StartNew();
        using var reply = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (!reply.IsSuccessStatusCode) throw new IOException($"{client.BaseAddress}: {(int)reply.StatusCode} {await reply.Content.ReadAsStringAsync(cancellation)}");
        using var lines = new StreamReader(await reply.Content.ReadAsStreamAsync(cancellation));
        var times = new List<TimeSpan>(Generate);
        while (await lines.ReadLineAsync(cancellation) is { } line)
        {
            if (!line.StartsWith("data: {", StringComparison.Ordinal)) continue;
            using var chunk = JsonDocument.Parse(line.AsMemory("data: ".Length));
            if (chunk.RootElement.TryGetProperty("error", out var error)) throw new IOException($"{client.BaseAddress}: {error}");
            if (!chunk.RootElement.TryGetProperty("choices", out var choices) || choices.GetArrayLength() == 0) continue;
            if (times.Count == Generate) continue;                           // a last chunk that only ends the stream
            times.Add(watch.Elapsed);
            token();
        }

        return new StreamTimes(times);
    }
}

/// <summary>When the tokens of an answer came, from its request.</summary>
sealed record StreamTimes(IReadOnlyList<TimeSpan> Tokens)
{
    public IEnumerable<TimeSpan> Gaps => Tokens.Skip(1).Zip(Tokens, (later, earlier) => later - earlier);
}

/// <summary>What a round of requests gave.</summary>
sealed record LoadRound(TimeSpan Elapsed, IReadOnlyList<StreamTimes> Answers)
{
    public int Tokens => Answers.Sum(answer => answer.Tokens.Count);

    /// <summary>Generated, a second, of all streams together.</summary>
    public double TokensPerSecond => Tokens / Elapsed.TotalSeconds;

    public TimeSpan MedianFirst => Median([.. Answers.Where(answer => answer.Tokens.Count > 0).Select(answer => answer.Tokens[0])]);

    public TimeSpan MedianGap => Median(Gaps);

    public TimeSpan WorstGap => Gaps.DefaultIfEmpty().Max();

    TimeSpan[] Gaps => [.. Answers.SelectMany(answer => answer.Gaps)];

    public JsonObject ToJson() => new()
    {
        ["tokens_per_second"] = Math.Round(TokensPerSecond, 2),
        ["tokens"] = Tokens,
        ["seconds"] = Math.Round(Elapsed.TotalSeconds, 3),
        ["first_token_ms"] = Milliseconds(MedianFirst),
        ["gap_ms"] = Milliseconds(MedianGap),
        ["worst_gap_ms"] = Milliseconds(WorstGap),
    };

    static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 1);

    static TimeSpan Median(TimeSpan[] times)
    {
        if (times.Length == 0) return default;
        Array.Sort(times);
        return times[times.Length / 2];
    }
}
