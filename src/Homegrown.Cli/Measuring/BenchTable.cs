using Homegrown.Kernels;
using Homegrown.Kernels.Quant;
using Spectre.Console;

namespace Homegrown.Cli.Measuring;

/// <summary>Benchmark results for people: one in full, several side by side.</summary>
static class BenchTable
{
    public static Table Of(IReadOnlyList<BenchResult> results) => results is [var only] ? Full(only) : SideBySide(results);

    /// <summary>What the machine could do.</summary>
    public static Table OfRoofs(int threads, double memory, IReadOnlyList<(string Instruction, double PerSecond)> rates)
    {
        var grid = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "");
        grid.AddRow("machine", Markup.Escape($"{Machine.Processor()}, {threads} threads"));
        grid.AddRow("reading memory", $"{ByteSize.Text(memory)}/s");
        foreach (var (instruction, rate) in rates) grid.AddRow(instruction, $"{rate / 1e12:0.000} 10^12 operations/s");
        return grid;
    }

    static Table Full(BenchResult result)
    {
        var grid = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "");
        grid.AddRow("model", Markup.Escape($"{result.Model.Id}, {result.Model.Compute.Threads} threads, {result.Tier}, {Machine.Processor()}"));
        grid.AddRow("products", Markup.Escape(result.Model.Compute.Instructions));
        foreach (var (prompt, rate) in result.Work.Prompts.Zip(result.Prefill)) grid.AddRow($"prefill {prompt}", $"{Rate(rate)} tokens/s");
        grid.AddRow("decode", $"{Rate(result.Decode)} tokens/s ({result.Work.Generate} tokens at depth {result.Work.Depth})");
        grid.AddRow("first token", $"{result.FirstToken.Median:0} ms after {result.Work.Prompts[0]} tokens; the first time {result.Cold.TotalMilliseconds:0} ms");
        grid.AddRow("load", $"{result.Load.TotalMilliseconds:0} ms");
        var (resident, most, file) = result.Resident;
        grid.AddRow("resident", $"{ByteSize.Text(resident)}, {ByteSize.Text(most)} at most: {(double)resident / file:0.00} times the file's {ByteSize.Text(file)}");
        var ceiling = $"{result.BandwidthShare:0%} of the {ByteSize.Text(result.Bandwidth)}/s that the memory delivers";
        foreach (var wall in result.Walls)
            grid.AddRow(Markup.Escape(QuantFormats.Name(wall.Roof.Type)), $"{ByteSize.Text(wall.Bytes)} a token, {(wall.Roof.IsPacked ? "in panels" : "as stored")}; {ByteSize.Text(wall.Roof.BytesPerSecond)}/s from the cache");
        grid.AddRow("weights", $"{ByteSize.Text(result.Model.BytesPerToken)} read for each token: {ceiling}");
        if (result.Reason is { } reason) grid.AddRow("below 90%", Markup.Escape(reason));
        return grid;
    }

    static Table SideBySide(IReadOnlyList<BenchResult> results)
    {
        var work = results[^1].Work;
        var table = new Table().Border(TableBorder.None).AddColumns("tier", "threads");
        foreach (var prompt in work.Prompts) table.AddColumn($"prefill {prompt}");
        table.AddColumns($"decode {work.Generate} at {work.Depth}", "first token");
        foreach (var result in results)
            table.AddRow([
                Kernels(result), $"{result.Model.Compute.Threads}",
                .. result.Prefill.Select(Rate), Rate(result.Decode), $"{result.FirstToken.Median:0} ms"]);
        return table;
    }

    /// <summary>The tier, and what sets it apart on this machine.</summary>
    static string Kernels(BenchResult result) => result.Model.Compute.Tier switch
    {
        Tier.Reference => $"reference ({result.Work.Prompts[0]} and {result.Work.Generate} tokens)",
        Tier.Portable => $"portable, {result.Model.Compute.VectorBits} bits",
        _ => result.Tier,
    };

    /// <summary>The median, and from the least to the most.</summary>
    static string Rate(Spread spread) => $"{spread.Median:0.0} ({spread.Least:0.0} to {spread.Most:0.0})";
}
