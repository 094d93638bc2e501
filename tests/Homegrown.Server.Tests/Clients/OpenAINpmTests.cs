using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Homegrown.Testing;

namespace Homegrown.Server.Tests.Clients;

/// <summary>The official openai package of npm, unchanged, as a client (Npm/client.mjs). Skipped where Node or the package cannot be had.</summary>
public sealed class OpenAINpmTests
{
    static readonly string Folder = Path.Combine(Repository.Root, "tests", "Homegrown.Server.Tests", "Npm");

    [Fact]
    public async Task It_chats_streams_lists_and_sees_errors()
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel { Id = "maker/tiny" }, new ServerOptions { ApiKeys = ["right"] });
        var seen = await ClientAsync(server.Url, "maker/tiny", "right");
        const string answer = "The capital of France is Paris.";
        Assert.Equal(
            new JsonObject
            {
                ["whole"] = answer,
                ["finish"] = "stop",
                ["tokens"] = 7,
                ["total"] = 0,
                ["streamed"] = answer,
                ["usage"] = 7,
                ["accumulated"] = new JsonArray($"0 assistant {answer}", $"1 assistant {answer}"),
                ["completion"] = "length",
                ["models"] = new JsonArray("maker/tiny"),
                ["model"] = "maker/tiny",
                ["errors"] = new JsonArray("NotFoundError 404 model_not_found req_", "BadRequestError 400 null req_", "AuthenticationError 401 invalid_api_key req_"),
            }.ToJsonString(),
            seen.ToJsonString());
    }

    /// <summary>What client.mjs saw of a server.</summary>
    public static async Task<JsonNode> ClientAsync(string url, string model, string key)
    {
        await InstallAsync();
        var (code, output, error) = await RunAsync("node", "client.mjs", url + "/v1", model, key);
        Assert.True(code == 0, error);
        return JsonNode.Parse(output)!;
    }

    static async Task InstallAsync()
    {
        if (File.Exists(Path.Combine(Folder, "node_modules", "openai", "package.json"))) return;
        var windows = OperatingSystem.IsWindows();
        var (code, _, error) = await RunAsync(windows ? "npm.cmd" : "npm", "ci", "--no-audit", "--no-fund", "--omit=peer", "--omit=optional");
        Assert.SkipUnless(code == 0, $"npm could not install the openai package: {error}");
    }

    /// <summary>Runs a program of Node's in the folder, for at most two minutes.</summary>
    static async Task<(int Code, string Output, string Error)> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            Assert.Skip($"{program} is not installed");
            throw;
        }
        using (process)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            try
            {
                var (output, error) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
                await process.WaitForExitAsync(patience.Token);
                return (process.ExitCode, await output, await error);
            }
            finally
            {
                if (!process.HasExited) process.Kill(entireProcessTree: true);
            }
        }
    }
}
