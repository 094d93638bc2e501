using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Homegrown.Server.Tests.Ui;

public sealed class ChatPageTests(Chromium chromium) : IClassFixture<Chromium>
{
    const string Markdown = """
        ## Photosynthesis

        Plants make **sugar** from *light*, water and air; see [an overview](https://example.org/a) or `6 CO2 + 6 H2O`.

        1. Light splits water.
        2. The cell stores energy:
           - as ATP
           - as NADPH

        | Stage | Where |
        |---|---|
        | Light reactions | thylakoid |
        | Calvin cycle | stroma |

        ```python
        def grow(light):
            return "<b>sugar</b>" if light else None
        ```

        <img src=x onerror=alert(1)> and [a trap](javascript:alert(1)) stay text.
        """;

    static ILocator Input(IPage page) => page.GetByRole(AriaRole.Textbox, new() { Name = "Ask anything" });

    static ILocator Answer(IPage page) => page.Locator(".message.assistant .body").Last;

    static Task<byte[]> Screenshot(IPage page, string name) => page.ScreenshotAsync(new() { Path = Path.Combine(Chromium.Screenshots, name + ".png") });

    [Fact]
    public async Task A_question_is_answered_token_by_token_with_counts()
    {
        var steps = new SemaphoreSlim(0);
        await using var server = await TestServer.StartAsync(new ScriptedModel { BeforeToken = (_, c) => steps.WaitAsync(c) });
        var page = await chromium.OpenAsync(server.Url);
        await Expect(page.Locator("#model")).ToHaveTextAsync("scripted");
        await Screenshot(page, "welcome-light");
        await Input(page).FillAsync("What is the capital of France?");
        await Input(page).PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Stop" })).ToBeVisibleAsync();
        steps.Release(2);
        await Expect(Answer(page)).ToHaveTextAsync("The capital");
        await Screenshot(page, "streaming-light");
        steps.Release(10);
        await Expect(Answer(page)).ToHaveTextAsync("The capital of France is Paris.");
        await Expect(page.Locator(".message.assistant .foot-line")).ToContainTextAsync("7 tokens");
        await Expect(page.Locator(".message.assistant .foot-line")).ToContainTextAsync("tokens/s");
        await Expect(page.Locator("#chats li")).ToHaveTextAsync("What is the capital of France?");
        await page.Context.CloseAsync();
    }

    [Theory]
    [InlineData("button")]
    [InlineData("Escape")]
    public async Task Stopping_keeps_what_was_said_and_stops_the_model(string by)
    {
        var model = new ScriptedModel { BeforeToken = (i, c) => i < 3 ? Task.CompletedTask : Task.Delay(Timeout.Infinite, c) };
        await using var server = await TestServer.StartAsync(model);
        var page = await chromium.OpenAsync(server.Url);
        await Input(page).FillAsync("Hello");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await Expect(Answer(page)).ToHaveTextAsync("The capital of");
        if (by == "button") await page.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        else await page.Keyboard.PressAsync(by);
        await Expect(page.Locator(".notice")).ToHaveTextAsync("Stopped.");
        await Expect(Answer(page)).ToHaveTextAsync("The capital of");
        await model.Cancelled.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Markdown_is_shown_as_elements_and_markup_of_the_model_as_text()
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel(Markdown) { ContextLength = 4096 });
        var page = await chromium.OpenAsync(server.Url);
        await Input(page).FillAsync("Explain photosynthesis, with a table and some code.");
        await Input(page).PressAsync("Enter");
        var answer = Answer(page);
        await Expect(page.Locator(".message.assistant .foot-line")).ToContainTextAsync("tokens/s");
        await Expect(answer.Locator("h4")).ToHaveTextAsync("Photosynthesis");
        await Expect(answer.Locator("strong")).ToHaveTextAsync("sugar");
        await Expect(answer.Locator("em")).ToHaveTextAsync("light");
        await Expect(answer.Locator("ol > li")).ToHaveCountAsync(2);
        await Expect(answer.Locator("ol ul > li")).ToHaveTextAsync(["as ATP", "as NADPH"]);
        await Expect(answer.Locator("tbody tr")).ToHaveCountAsync(2);
        await Expect(answer.Locator("pre code")).ToHaveTextAsync("def grow(light):\n    return \"<b>sugar</b>\" if light else None");
        await Expect(answer.Locator("a")).ToHaveAttributeAsync("href", "https://example.org/a");
        await Expect(answer.Locator("img, b, script")).ToHaveCountAsync(0);
        await Expect(answer).ToContainTextAsync("<img src=x onerror=alert(1)> and [a trap](javascript:alert(1)) stay text.");
        await Screenshot(page, "markdown-light");
        await page.GetByRole(AriaRole.Button, new() { Name = "Light or dark" }).ClickAsync();
        Assert.Equal("rgb(22, 24, 22)", await page.EvaluateAsync<string>("getComputedStyle(document.documentElement).backgroundColor"));
        await Screenshot(page, "markdown-dark");
        await page.ReloadAsync();
        await Expect(answer.Locator("h4")).ToHaveTextAsync("Photosynthesis");
        Assert.Equal("rgb(22, 24, 22)", await page.EvaluateAsync<string>("getComputedStyle(document.documentElement).backgroundColor"));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Conversations_are_kept_renamed_deleted_and_brought_back()
    {
        await using var server = await TestServer.StartAsync();
        var page = await chromium.OpenAsync(server.Url);
        var chats = page.Locator("#chats li");
        foreach (var question in new[] { "First question", "Second question" })
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "New chat" }).ClickAsync();
            await Input(page).FillAsync(question);
            await Input(page).PressAsync("Enter");
            await Expect(Answer(page)).ToHaveTextAsync("The capital of France is Paris.");
        }
        await Expect(chats).ToHaveTextAsync(["Second question", "First question"]);
        await chats.Last.HoverAsync();
        await chats.Last.GetByRole(AriaRole.Button, new() { Name = "Rename" }).ClickAsync();
        await page.Keyboard.TypeAsync("Renamed");
        await page.Keyboard.PressAsync("Enter");
        await page.ReloadAsync();
        await Expect(chats).ToHaveTextAsync(["Second question", "Renamed"]);
        await chats.First.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await Expect(chats).ToHaveTextAsync(["Renamed"]);
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await Expect(chats).ToHaveTextAsync(["Second question", "Renamed"]);
        await page.GetByRole(AriaRole.Button, new() { Name = "Renamed" }).ClickAsync();
        await Expect(page.Locator(".message.user .body")).ToHaveTextAsync("First question");
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Save as Markdown" }).ClickAsync());
        Assert.Equal("Renamed.md", download.SuggestedFilename);
        Assert.Equal("# Renamed\n\n**You**\n\nFirst question\n\n**Assistant**\n\nThe capital of France is Paris.\n", await File.ReadAllTextAsync(await download.PathAsync()));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Settings_reach_the_server_and_answering_again_replaces_the_answer()
    {
        var model = new ScriptedModel();
        await using var server = await TestServer.StartAsync(model);
        var page = await chromium.OpenAsync(server.Url);
        await page.GetByRole(AriaRole.Button, new() { Name = "Settings", Exact = true }).ClickAsync();
        await page.GetByLabel("System prompt").FillAsync("Be brief.");
        await page.GetByLabel("Temperature").FillAsync("0");
        await page.GetByLabel("Top p").FillAsync("");
        await page.GetByLabel("Top k").FillAsync("5");
        await page.GetByLabel("Most tokens").FillAsync("3");
        await page.GetByLabel("Seed").FillAsync("7");
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        Assert.Equal("rgb(22, 24, 22)", await page.EvaluateAsync<string>("getComputedStyle(document.documentElement).backgroundColor"));
        await Screenshot(page, "settings-dark");
        await page.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await Input(page).FillAsync("Hello");
        await Input(page).PressAsync("Enter");
        await Expect(page.Locator(".notice")).ToHaveTextAsync("The answer reached the limit of tokens.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Answer again" }).ClickAsync();
        await Expect(page.Locator(".message.assistant .foot-line")).ToHaveCountAsync(1);
        await Expect(page.Locator(".message.assistant")).ToHaveCountAsync(1);
        Assert.Equal(2, model.Requests.Count);
        Assert.All(model.Requests, r => Assert.Equal((3, 0f, 5, 1f, 7ul), (r.MaxTokens, r.Sampling.Temperature, r.Sampling.TopK, r.Sampling.TopP, r.Sampling.Seed)));
        Assert.All(model.Prompts, p => Assert.Equal([("system", "Be brief."), ("user", "Hello")], p.Messages.Select(m => (m.Role, m.Content))));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Errors_say_what_to_do_and_can_be_tried_again()
    {
        var server = await TestServer.StartAsync(new ScriptedModel { ContextLength = 40 });
        var page = await chromium.OpenAsync(server.Url);
        await Input(page).FillAsync(new string('x', 60));
        await Input(page).PressAsync("Enter");
        await Expect(page.Locator(".failure")).ToContainTextAsync("holds 40, answer included. Shorten the prompt. Start a new chat");
        await page.GetByRole(AriaRole.Button, new() { Name = "New chat" }).ClickAsync();
        await server.DisposeAsync();
        await Input(page).FillAsync("Hello");
        await Input(page).PressAsync("Enter");
        await Expect(page.Locator(".failure")).ToContainTextAsync("The server does not answer.");
        await Screenshot(page, "server-down-light");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Try again" })).ToBeVisibleAsync();
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_server_that_wants_a_key_is_given_one()
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel(), new ServerOptions { ApiKeys = ["right"] });
        var page = await chromium.OpenAsync(server.Url);
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("This server asks for an API key, or does not know the one given.");
        await page.Keyboard.TypeAsync("right");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#model")).ToHaveTextAsync("scripted");
        await Input(page).FillAsync("Hello");
        await Input(page).PressAsync("Enter");
        await Expect(Answer(page)).ToHaveTextAsync("The capital of France is Paris.");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Enter_that_ends_a_composition_does_not_send_and_Shift_Enter_is_a_new_line()
    {
        var model = new ScriptedModel("巴黎是法国的首都。");
        await using var server = await TestServer.StartAsync(model);
        var page = await chromium.OpenAsync(server.Url, new() { Locale = "zh-CN", ViewportSize = new() { Width = 390, Height = 844 }, HasTouch = true, IsMobile = true });
        await Screenshot(page, "welcome-mobile-zh");
        var input = page.GetByRole(AriaRole.Textbox, new() { Name = "请输入问题" });
        await input.FillAsync("法国的");
        await input.DispatchEventAsync("keydown", new { key = "Enter", isComposing = true });
        await input.DispatchEventAsync("keydown", new { key = "Enter", keyCode = 229 });
        Assert.Empty(model.Requests);
        await input.PressAsync("End");
        await input.PressAsync("Shift+Enter");
        await page.Keyboard.InsertTextAsync("首都？");
        await input.PressAsync("Enter");
        await Expect(Answer(page)).ToHaveTextAsync("巴黎是法国的首都。");
        Assert.Equal("法国的\n首都？", Assert.Single(model.Prompts).Messages[0].Content);
        await Screenshot(page, "chat-mobile-zh");
        await page.GetByRole(AriaRole.Button, new() { Name = "对话与设置" }).ClickAsync();
        await Expect(page.Locator("#chats li")).ToBeInViewportAsync();
        await Screenshot(page, "menu-mobile-zh");
        await page.Context.CloseAsync();
    }
}
