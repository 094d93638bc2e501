namespace Homegrown.Server.Tests.Endpoints;

public sealed class CompletionsTests
{
    const string Path = "/v1/completions";

    [Fact]
    public async Task A_text_is_continued_for_sixteen_tokens_unless_told_otherwise()
    {
        var model = new ScriptedModel("Hello world");
        await using var server = await TestServer.StartAsync(model);
        var reply = await server.PostAsync(Path, """{"prompt":"Hello"}""").JsonAsync();
        Assert.StartsWith("cmpl-", reply.Text("id"), StringComparison.Ordinal);
        Assert.Equal("text_completion", reply.Text("object"));
        Assert.Equal("""[{"index":0,"text":"Hello world","logprobs":null,"finish_reason":"stop"}]""", reply["choices"]!.ToJsonString());
        Assert.Equal("""{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"prompt_tokens_details":{"cached_tokens":0}}""", reply["usage"]!.ToJsonString());
        Assert.Equal(16, Assert.Single(model.Requests).MaxTokens);
    }

    [Theory]
    [InlineData("""["Hello"," world"]""", new[] { "265", "266" })]
    [InlineData("""[72,105]""", new[] { "72 105" })]
    [InlineData("""[[72],[265,266]]""", new[] { "72", "265 266" })]
    [InlineData("\"<|begin|>Hello\"", new[] { "257 265" })]
    [InlineData("\"\"", new[] { "257" })]
    public async Task Every_form_of_a_prompt_becomes_token_ids(string prompt, string[] ids)
    {
        var model = new ScriptedModel();
        await using var server = await TestServer.StartAsync(model);
        var reply = await server.PostAsync(Path, $$"""{"prompt":{{prompt}}}""").JsonAsync();
        Assert.Equal(ids, model.Requests.Select(r => string.Join(' ', r.Prompt)));
        Assert.Equal(Enumerable.Range(0, ids.Length), reply["choices"]!.AsArray().Select(c => (int)c!["index"]!));
    }

    [Fact]
    public async Task Choices_of_several_prompts_are_numbered_prompt_by_prompt()
    {
        var model = new ScriptedModel();
        await using var server = await TestServer.StartAsync(model);
        var reply = await server.PostAsync(Path, """{"prompt":["Hello"," world"],"n":2,"echo":true,"max_tokens":1}""").JsonAsync();
        Assert.Equal(["0 HelloThe", "1 HelloThe", "2  worldThe", "3  worldThe"], reply["choices"]!.AsArray().Select(c => $"{c!["index"]} {c["text"]}"));
        Assert.Equal("""{"prompt_tokens":2,"completion_tokens":4,"total_tokens":6,"prompt_tokens_details":{"cached_tokens":0}}""", reply["usage"]!.ToJsonString());
    }

    [Fact]
    public async Task An_echo_begins_a_stream_with_the_prompt()
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel(" world"));
        var events = await server.PostAsync(Path, """{"prompt":[265],"echo":true,"stream":true,"stream_options":{"include_usage":true}}""").EventsAsync();
        Assert.Equal(["Hello", " world", ""], events.SkipLast(1).Select(e => e["choices"]![0].Text("text")));
        Assert.Equal(["", "", "stop"], events.SkipLast(1).Select(e => e["choices"]![0].Text("finish_reason")));
        Assert.Equal("""{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2,"prompt_tokens_details":{"cached_tokens":0}}""", events[^1]["usage"]!.ToJsonString());
    }

    [Fact]
    public async Task No_tokens_at_all_is_a_request_too()
    {
        await using var server = await TestServer.StartAsync();
        var reply = await server.PostAsync(Path, """{"prompt":"Hello","max_tokens":0,"echo":true}""").JsonAsync();
        Assert.Equal("""[{"index":0,"text":"Hello","logprobs":null,"finish_reason":"length"}]""", reply["choices"]!.ToJsonString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Log_probabilities_are_parallel_lists_with_offsets_in_characters(bool stream)
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel("Hello world."));
        var body = $$"""{"prompt":"x","logprobs":2,"stop":".","stream":{{(stream ? "true" : "false")}}}""";
        var lists = stream
            ? (await server.PostAsync(Path, body).EventsAsync()).Select(e => e["choices"]![0]!["logprobs"]!).ToList()
            : [(await server.PostAsync(Path, body).JsonAsync())["choices"]![0]!["logprobs"]!];
        Assert.Equal(["Hello", " world"], lists.SelectMany(l => l["tokens"]!.AsArray()).Select(t => t!.ToString()));
        Assert.Equal(["0", "5"], lists.SelectMany(l => l["text_offset"]!.AsArray()).Select(t => t!.ToString()));
        Assert.Equal(["-0.25", "-0.25"], lists.SelectMany(l => l["token_logprobs"]!.AsArray()).Select(t => t!.ToString()));
        Assert.Equal("""{"Hello":-0.25,"b":-1.25}""", lists[0]["top_logprobs"]![0]!.ToJsonString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_echoed_prompt_has_log_probabilities_too_but_for_its_first_token(bool stream)
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel("Hello world"));
        var body = $$"""{"prompt":"<|begin|>Hello world. é","echo":true,"logprobs":2,"max_tokens":2,"stream":{{(stream ? "true" : "false")}}}""";
        var choices = stream
            ? (await server.PostAsync(Path, body).EventsAsync()).Select(e => e["choices"]![0]!).ToList()
            : [(await server.PostAsync(Path, body).JsonAsync())["choices"]![0]!];
        Assert.Equal("<|begin|>Hello world. éHello world", string.Concat(choices.Select(c => c.Text("text"))));
        var lists = choices.Select(c => c["logprobs"]!).ToList();
        Assert.Equal(["<|begin|>", "Hello", " world", ".", " ", "\uFFFD", "\uFFFD", "Hello", " world"], Values("tokens"));
        Assert.Equal([null, "-0.5", "-1", "-1.5", "-2", "-2.5", "-3", "-0.25", "-0.25"], Values("token_logprobs"));
        Assert.Equal(["0", "9", "14", "20", "21", "22", "23", "23", "28"], Values("text_offset"));
        Assert.Equal([null, """{"a":0,"b":-1}"""], lists[0]["top_logprobs"]!.AsArray().Take(2).Select(t => t?.ToJsonString()));

        IEnumerable<string?> Values(string list) => lists.SelectMany(l => l[list]!.AsArray()).Select(value => value?.ToString());
    }

    [Fact]
    public async Task A_prompt_can_be_scored_without_going_on()
    {
        await using var server = await TestServer.StartAsync();
        var reply = await server.PostAsync(Path, """{"prompt":["Hello world","The"],"max_tokens":0,"echo":true,"logprobs":0}""").JsonAsync();
        Assert.Equal(["Hello world", "The"], reply["choices"]!.AsArray().Select(c => c.Text("text")));
        Assert.Equal("""{"tokens":["Hello"," world"],"token_logprobs":[null,-0.5],"top_logprobs":[null,{}],"text_offset":[0,5]}""",
            reply["choices"]![0]!["logprobs"]!.ToJsonString());
        Assert.Equal("length", reply["choices"]![1].Text("finish_reason"));
        Assert.Equal("""{"prompt_tokens":3,"completion_tokens":0,"total_tokens":3,"prompt_tokens_details":{"cached_tokens":0}}""", reply["usage"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""{}""", "prompt")]
    [InlineData("""{"prompt":7}""", "prompt")]
    [InlineData("""{"prompt":[]}""", "prompt")]
    [InlineData("""{"prompt":[[]]}""", "prompt")]
    [InlineData("""{"prompt":[1,"a"]}""", "prompt[1]")]
    [InlineData("""{"prompt":["a",{}]}""", "prompt[1]")]
    [InlineData("""{"prompt":[267]}""", "prompt[0]")]
    [InlineData("""{"prompt":[[1],[-1]]}""", "prompt[1][0]")]
    [InlineData("""{"prompt":"a","suffix":"b"}""", "suffix")]
    [InlineData("""{"prompt":"a","best_of":2}""", "best_of")]
    [InlineData("""{"prompt":"a","logprobs":21}""", "logprobs")]
    [InlineData("""{"prompt":"a","logprobs":true}""", "logprobs")]
    [InlineData("""{"prompt":"a","max_tokens":-1}""", "max_tokens")]
    public async Task A_wrong_field_is_named(string body, string param)
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal(param, (await server.PostAsync(Path, body).ErrorAsync(400)).Text("param"));
    }

    [Fact]
    public async Task Too_many_prompts_are_refused_with_the_limit()
    {
        await using var server = await TestServer.StartAsync();
        var prompts = string.Join(',', Enumerable.Repeat("\"a\"", 129));
        Assert.Contains("at most 128", (await server.PostAsync(Path, $$"""{"prompt":[{{prompts}}]}""").ErrorAsync(400)).Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_over_long_prompt_among_others_is_refused_before_any_work()
    {
        var model = new ScriptedModel { ContextLength = 4 };
        await using var server = await TestServer.StartAsync(model);
        var error = await server.PostAsync(Path, """{"prompt":[[1],[1,2,3,4]],"stream":true}""").ErrorAsync(400);
        Assert.Equal("context_length_exceeded", error.Text("code"));
        Assert.Empty(model.Requests);
    }
}
