using System.CommandLine;
using System.Text.Json.Nodes;
using Homegrown.Cli.Measuring;
using Homegrown.Cli.Options;
using Homegrown.Engine;
using Homegrown.Engine.Shapes;
using Homegrown.Kernels;

namespace Homegrown.Cli.Commands;

/// <summary>homegrown bench: how fast this machine runs a model, and how much of its memory bandwidth that is.</summary>
static class Bench
{
    public static Command Create(Terminal terminal)
    {
        var verb = new Verb("bench", "Measures a model on this machine: medians of several runs, after one to warm up.",
            "homegrown bench",
            "homegrown bench model.gguf --prompt 512,4096 --generate 64 --depth 4096 --threads 1,2 --json",
            "homegrown bench --shape qwen2.5-0.5b --type Q4_0    random weights, so that no download is needed",
            "homegrown bench --serve --streams 16 --url http://localhost:8000    any OpenAI-compatible server, or without --url this one");
        var model = ModelOptions.AddTo(verb, terminal, withThreads: false);
        var threads = Numbers.List("--threads", 0, "Threads that compute, one number or several to compare; 0 takes what the machine gives.", 0);
        var prompt = Numbers.List("--prompt", 1, "Tokens of the prompt, one number or several.", 512);
        var generate = Numbers.AtLeast("--generate", 1, "Tokens to generate.", 64);
        var depth = Numbers.AtLeast("--depth", 0, "Positions in the cache before the first generated token.", 0);
        var runs = Numbers.AtLeast("--runs", 1, "Runs that count.", 5);
        var tiers = new Option<bool>("--tiers") { Description = "Measure the kernels of every tier that this machine can run; the reference tier with a few tokens." };
        var shape = new Option<string?>("--shape") { Description = "Measure random weights in the shape of a known model.", HelpName = "NAME" };
        var type = new Option<string>("--type") { Description = "Of the random weights.", HelpName = "TYPE", DefaultValueFactory = _ => "Q4_K_M" };
        shape.CompletionSources.Add(_ => ModelShape.All.Select(known => known.Name));
        type.CompletionSources.Add(_ => TypeMix.All.Select(known => known.Name));
        var keep = new Option<string?>("--keep") { Description = "Keep the file that --shape writes.", HelpName = "FILE" };
        var roof = new Option<bool>("--roof") { Description = "Measure the machine alone: memory, and the instructions of products." };
        var json = new Option<bool>("--json") { Description = "Print a JSON object; of several results each on its line." };
        foreach (var option in (ReadOnlySpan<Option>)[threads, prompt, generate, depth, runs, tiers, shape, type, keep, roof, json]) verb.Add(option);
        var serve = new BenchServe(verb);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var work = new Workload(parsed.GetRequiredValue(prompt), parsed.GetValue(generate), parsed.GetValue(depth), parsed.GetValue(runs));
            var asJson = parsed.GetValue(json);
            if (parsed.GetValue(roof)) return Roofs(terminal, parsed.GetRequiredValue(threads), asJson);
            if (parsed.GetValue(shape) is null && parsed.GetValue(keep) is not null) throw new UsageException("--keep keeps what --shape writes; give --shape.");
            if (parsed.GetValue(shape) is not null && model.IsGiven(parsed)) throw new UsageException("both MODEL and --shape: give one of them.");
            using var random = parsed.GetValue(shape) is { } known ? ShapeFile.Write(known, parsed.GetRequiredValue(type), parsed.GetValue(keep), terminal, asJson, cancellation) : null;
            var path = random?.Path ?? model.Resolve(parsed);
            if (serve.IsWanted(parsed))
            {
                var length = parsed.GetResult(prompt) is { Implicit: false } ? parsed.GetRequiredValue(prompt)[0] : (int?)null;
                return await serve.RunAsync(terminal, parsed, streams => LocalModel.Load(path, model.Settings(parsed) with { Sequences = streams, Threads = parsed.GetRequiredValue(threads)[0] }), length, parsed.GetValue(generate), asJson, cancellation);
            }

            var all = Settings(model.Settings(parsed), parsed.GetRequiredValue(threads), parsed.GetValue(tiers)).ToList();
            var results = new List<BenchResult>();
            Workload Work(EngineOptions settings) => parsed.GetValue(tiers) && settings.Tier == Tier.Reference ? work.Shorter : work;
            using (var progress = new ProgressLine(terminal, "measuring", checked(all.Sum(settings => Work(settings).AllTokens)), "tokens", asJson))
            {
                var before = 0;
                foreach (var settings in all)
                {
                    results.Add(await BenchResult.TakeAsync(() => LocalModel.Load(path, settings), Work(settings), done => progress.Report(before + done), cancellation));
                    before += Work(settings).AllTokens;
                }
            }

            if (asJson) foreach (var result in results) terminal.Out.WriteLine(Json.Line(result.ToJson()));
            else terminal.Console.Write(BenchTable.Of(results));
            return ExitCode.Ok;
        });
        return verb;
    }

    static int Roofs(Terminal terminal, int[] threads, bool asJson)
    {
        foreach (var count in threads)
        {
            using var compute = new Compute(new() { Threads = count });
            var (memory, rates) = (Roof.ReadBytesPerSecond(compute), Roof.OperationsPerSecond(compute));
            if (!asJson)
            {
                terminal.Console.Write(BenchTable.OfRoofs(compute.Threads, memory, rates));
                continue;
            }

            var instructions = new JsonObject();
            foreach (var (instruction, rate) in rates) instructions[instruction] = rate;
            terminal.Out.WriteLine(Json.Line(new JsonObject
            {
                ["threads"] = compute.Threads,
                ["cpu"] = Machine.Processor(),
                ["read_bytes_per_second"] = memory,
                ["operations_per_second"] = instructions,
            }));
        }

        return ExitCode.Ok;
    }

    /// <summary>Every tier and width of vectors that runs here, or the one that is set, with every number of threads.</summary>
    static IEnumerable<EngineOptions> Settings(EngineOptions common, int[] threads, bool everyTier)
        => from tier in everyTier ? Compute.Tiers.Select(tier => (Tier?)tier) : [common.Tier]
           from bits in everyTier && tier == Tier.Portable ? Widths.Where(bits => bits <= Compute.WidestVectors) : [0]
           from count in threads
           select common with { Tier = tier, MaxVectorBits = bits, Threads = count };

    /// <summary>Of the portable tier's vectors, in bits.</summary>
    static readonly int[] Widths = [128, 256, 512];
}
