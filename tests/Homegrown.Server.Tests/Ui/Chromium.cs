using Homegrown.Testing;
using Microsoft.Playwright;

namespace Homegrown.Server.Tests.Ui;

/// <summary>One headless Chromium for all tests of the page; they are skipped, visibly, where the machine has none.</summary>
public sealed class Chromium : IAsyncLifetime
{
    static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "chrome"];

    IPlaywright? playwright;
    IBrowser? browser;

    /// <summary>Where screenshots go: for people to look at.</summary>
    public static string Screenshots { get; } = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "screenshots")).FullName;

    public async ValueTask InitializeAsync()
    {
        if (Find() is not { } path) return;
        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = path,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
    }

    /// <summary>A page of its own, with storage of its own; a page that fails or asks for anything elsewhere fails its test.</summary>
    public async Task<IPage> OpenAsync(string url, BrowserNewContextOptions? options = null)
    {
        Assert.SkipWhen(browser is null, "no Chromium on PATH (or in CHROMIUM_PATH)");
        var context = await browser!.NewContextAsync(options ?? new());
        context.SetDefaultTimeout(20_000);
        var page = await context.NewPageAsync();
        page.PageError += (_, error) => throw new InvalidOperationException($"The page failed: {error}");
        await context.RouteAsync("**", route => route.Request.Url.StartsWith(url, StringComparison.Ordinal) ? route.ContinueAsync() : route.AbortAsync());
        await page.GotoAsync(url);
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null) await browser.DisposeAsync();
        playwright?.Dispose();
    }

    static string? Find()
    {
        var folders = Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator) ?? [];
        var candidates = from name in Names from folder in folders from suffix in new[] { "", ".exe" } select Path.Combine(folder, name + suffix);
        return candidates.Prepend(Environment.GetEnvironmentVariable("CHROMIUM_PATH") ?? "").FirstOrDefault(File.Exists);
    }
}
