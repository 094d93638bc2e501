using System.Diagnostics;
using System.Text.Json.Nodes;
using Homegrown.Engine;
using Homegrown.Kernels;
using Homegrown.Kernels.Quant;

namespace Homegrown.Cli.Measuring;

/// <summary>
/// A workload on one model with one set of threads and kernels. As llama-bench has it: the model is loaded once, one run warms
/// up (pages of the file are touched, code is compiled), the others count.
/// </summary>
/// <param name="Load">Opening the model: mapping, checking, what is prepared at load. Pages of weights are not read yet.</param>
/// <param name="Cold">From the first request after that to its first token.</param>
/// <param name="Prefill">Tokens a second of each prompt.</param>
/// <param name="FirstToken">Milliseconds from the first prompt's request to its first token, once warm.</param>
/// <param name="Bandwidth">Bytes a second that as many threads read from memory.</param>
/// <param name="Walls">What bounds products of the types that make up most of the model.</param>
sealed record BenchResult(
    LocalModel Model, Workload Work, TimeSpan Load, TimeSpan Cold,
    IReadOnlyList<Spread> Prefill, Spread FirstToken, Spread Decode, ResidentMemory Resident, double Bandwidth, IReadOnlyList<DecodeWall> Walls)
{
    public double BandwidthShare => Decode.Median * Model.BytesPerToken / Bandwidth;

    /// <summary>Loads and measures; the model is closed afterwards, only its numbers are read.</summary>
    public static async Task<BenchResult> TakeAsync(
        Func<LocalModel> open, Workload work, Action<int> tokensDone, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        using var model = open();
        var load = watch.Elapsed;
        if (model.ContextLength < work.Positions)
            throw new UsageException($"the prompts or --depth and --generate need {work.Positions} positions; the context of {model.Id} has {model.ContextLength}.");
        var taken = new List<Measurement>();
        for (var run = 0; run <= work.Runs; run++)
            taken.Add(await Measurement.TakeAsync(model, work, run, done => tokensDone((run * work.Tokens) + done), cancellation));
        var resident = ResidentMemory.Now(model.FileBytes);
        var counted = taken[1..];
        return new(model, work, load, taken[0].FirstTokens[0],
            [.. work.Prompts.Select((prompt, i) => Spread.Of(counted.Select(run => prompt / run.FirstTokens[i].TotalSeconds)))],
            Spread.Of(counted.Select(run => run.FirstTokens[0].TotalMilliseconds)),
            Spread.Of(counted.Select(run => run.DecodeRate)),
            resident, Roof.ReadBytesPerSecond(model.Compute), DecodeWall.Of(model));
    }

    public JsonObject ToJson() => new()
    {
        ["model"] = Model.Id,
        ["cpu"] = Machine.Processor(),
        ["threads"] = Model.Compute.Threads,
        ["tier"] = Tier,
        ["instructions"] = Model.Compute.Instructions,
        ["vector_bits"] = Model.Compute.VectorBits,
        ["prompt_tokens"] = Work.Prompts[0],
        ["generated_tokens"] = Work.Generate,
        ["depth"] = Work.Depth,
        ["runs"] = Work.Runs,
        ["prefill_tokens_per_second"] = Prefill[0].Median,
        ["decode_tokens_per_second"] = Decode.Median,
        ["decode_range"] = Range(Decode),
        ["prefill"] = new JsonArray([.. Prefill.Select((rate, i) => new JsonObject
        {
            ["prompt_tokens"] = Work.Prompts[i],
            ["tokens_per_second"] = rate.Median,
            ["range"] = Range(rate),
        })]),
        ["first_token_ms"] = FirstToken.Median,
        ["cold_first_token_ms"] = Math.Round(Cold.TotalMilliseconds, 3),
        ["load_ms"] = Math.Round(Load.TotalMilliseconds, 3),
        ["resident_bytes"] = Resident.Bytes,
        ["most_resident_bytes"] = Resident.Most,
        ["file_bytes"] = Resident.File,
        ["bytes_per_token"] = Model.BytesPerToken,
        ["bandwidth_bytes_per_second"] = Math.Round(Bandwidth),
        ["bandwidth_share"] = Math.Round(BandwidthShare, 4),
        ["below_bandwidth_because"] = Reason,
        ["types"] = new JsonArray([.. Walls.Select(wall => new JsonObject
        {
            ["type"] = QuantFormats.Name(wall.Roof.Type),
            ["bytes_per_token"] = wall.Bytes,
            ["packed"] = wall.Roof.IsPacked,
            ["cached_bytes_per_second"] = Math.Round(wall.Roof.BytesPerSecond),
        })]),
    };

    /// <summary>Why decoding stays below nine tenths of what memory allows; null where it does not.</summary>
    public string? Reason => BandwidthShare >= 0.9 ? null : DecodeWall.Reason(Walls, Bandwidth, 1 / Decode.Median);

    public string Tier => Model.Compute.Tier.ToString().ToLowerInvariant();

    static JsonArray Range(Spread spread) => [spread.Least, spread.Most];
}
