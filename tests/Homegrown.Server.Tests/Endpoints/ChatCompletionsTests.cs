using System.Net;
using Homegrown.Engine;

namespace Homegrown.Server.Tests.Endpoints;

public sealed class ChatCompletionsTests
{
    [Fact]
    public async Task A_whole_answer_has_every_field_of_the_API()
    {
        await using var server = await TestServer.StartAsync();
        var reply = await server.ChatAsync().JsonAsync();
        Assert.StartsWith("chatcmpl-", reply.Text("id"), StringComparison.Ordinal);
        Assert.Equal("chat.completion", reply.Text("object"));
        Assert.Equal("scripted", reply.Text("model"));
        Assert.StartsWith("homegrown-", reply.Text("system_fingerprint"), StringComparison.Ordinal);
        Assert.Equal("""[{"index":0,"message":{"role":"assistant","content":"The capital of France is Paris.","refusal":null},"logprobs":null,"finish_reason":"stop"}]""",
            reply["choices"]!.ToJsonString());
        Assert.Equal("""{"prompt_tokens":8,"completion_tokens":7,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":0}}""", reply["usage"]!.ToJsonString());
    }

    [Fact]
    public async Task A_stream_is_exactly_the_pieces_between_a_role_and_a_reason_and_done()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
        await using var server = await TestServer.StartAsync(new ScriptedModel("Hello 世"), new ServerOptions { Time = time });
        using var reply = await server.ChatAsync("""
            "stream":true
            """);
        Assert.Equal("text/event-stream; charset=utf-8", reply.Content.Headers.ContentType?.ToString());
        Assert.Equal("no-cache", reply.Headers.CacheControl?.ToString());
        var text = await reply.Content.ReadAsStringAsync();
        var id = text[(text.IndexOf("chatcmpl-", StringComparison.Ordinal))..][..41];
        var fingerprint = $"homegrown-{typeof(HomegrownServer).Assembly.GetName().Version!.ToString(3)}";
        string Event(string delta, string finish) =>
            $$"""data: {"id":"{{id}}","created":1800000000,"model":"scripted","system_fingerprint":"{{fingerprint}}","choices":[{"index":0,"delta":{{delta}},"logprobs":null,"finish_reason":{{finish}}}],"usage":null,"object":"chat.completion.chunk"}""" + "\n\n";
        Assert.Equal(
            Event("""{"role":"assistant","content":""}""", "null") + Event("""{"content":"Hello"}""", "null") + Event("""{"content":" "}""", "null")
            + Event("""{"content":"世"}""", "null") + Event("{}", "\"stop\"") + "data: [DONE]\n\n", text);
    }

    [Fact]
    public async Task A_stream_ends_with_the_usage_when_asked()
    {
        await using var server = await TestServer.StartAsync();
        var events = await server.ChatAsync("""
            "stream":true,"stream_options":{"include_usage":true},"n":2
            """).EventsAsync();
        Assert.Equal("""{"prompt_tokens":8,"completion_tokens":14,"total_tokens":22,"prompt_tokens_details":{"cached_tokens":0}}""", events[^1]["usage"]!.ToJsonString());
        Assert.Empty(events[^1]["choices"]!.AsArray());
        Assert.All(events.SkipLast(1), e => Assert.Null(e["usage"]));
        Assert.Single(events.Select(e => e.Text("id")).Distinct());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Several_choices_each_have_their_index_and_neighbouring_seeds(bool stream)
    {
        var model = new ScriptedModel("Hello world");
        await using var server = await TestServer.StartAsync(model);
        var fields = $"\"n\":3,\"seed\":-1,\"stream\":{(stream ? "true" : "false")}";
        if (stream)
        {
            var choices = (await server.ChatAsync(fields).EventsAsync()).Select(e => e["choices"]![0]!).GroupBy(c => (int)c["index"]!).ToList();
            Assert.Equal([0, 1, 2], choices.Select(c => c.Key));
            Assert.All(choices, c => Assert.Equal("assistant", c.First()["delta"]!.AsObject().First().Value!.ToString()));
            Assert.All(choices, c => Assert.Equal("Hello world", string.Concat(c.Select(d => d["delta"]!["content"]?.ToString()))));
            Assert.All(choices, c => Assert.Equal("stop", c.Last().Text("finish_reason")));
        }
        else
        {
            var choices = (await server.ChatAsync(fields).JsonAsync())["choices"]!.AsArray();
            Assert.Equal(["0:Hello world", "1:Hello world", "2:Hello world"], choices.Select(c => $"{c!["index"]}:{c["message"]!["content"]}"));
        }
        Assert.Equal([ulong.MaxValue, 0, 1], model.Requests.Select(r => r.Sampling.Seed!.Value));
    }

    [Fact]
    public async Task Every_sampling_field_reaches_the_engine()
    {
        var model = new ScriptedModel();
        await using var server = await TestServer.StartAsync(model);
        await server.ChatAsync("""
            "temperature":0.5,"top_k":40,"top_p":0.9,"min_p":0.05,"typical_p":0.8,"repeat_penalty":1.1,"repeat_last_n":-1,"frequency_penalty":-0.5,
            "presence_penalty":0.25,"seed":42,"max_tokens":7,"stop":["x","yz"],"ignore_eos":true,"logit_bias":{"5":-100,"6":1.5,"7":false},"unknown":[{}]
            """).JsonAsync();
        var request = Assert.Single(model.Requests);
        Assert.Equal((7, true), (request.MaxTokens, request.IgnoreEnd));
        Assert.Equal(["x", "yz"], request.Stop);
        Assert.Equal(new Dictionary<int, float> { [5] = -100, [6] = 1.5f, [7] = float.NegativeInfinity }, request.Sampling.LogitBias);
        Assert.Equal(new Engine.Sampling.SamplingOptions
        {
            Temperature = 0.5f,
            TopK = 40,
            TopP = 0.9f,
            MinP = 0.05f,
            TypicalP = 0.8f,
            RepeatPenalty = 1.1f,
            PenaltyLastN = -1,
            FrequencyPenalty = -0.5f,
            PresencePenalty = 0.25f,
            Seed = 42,
        }, request.Sampling with { LogitBias = null });
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/completions")]
    public async Task The_samplers_of_llama_cpp_reach_the_engine_by_its_names(string path)
    {
        var model = new ScriptedModel();
        await using var server = await TestServer.StartAsync(model);
        await server.PostAsync(path, """
            {"messages":[{"role":"user","content":"hi"}],"prompt":"hi",
            "dry_multiplier":0.8,"dry_base":2,"dry_allowed_length":3,"dry_penalty_last_n":256,"dry_sequence_breakers":["\n"],"xtc_probability":0.5,
            "xtc_threshold":0.2,"mirostat":2,"mirostat_tau":4,"mirostat_eta":0.2,"dynatemp_range":0.25,"dynatemp_exponent":2,"top_n_sigma":1.5,
            "adaptive_target":0.4,"adaptive_decay":0.5}
            """).JsonAsync();
        var sampling = Assert.Single(model.Requests).Sampling;
        Assert.Equal(["\n"], sampling.Dry.Breakers);
        Assert.Equal(new Engine.Sampling.SamplingOptions
        {
            Dry = new() { Multiplier = 0.8f, Base = 2, AllowedLength = 3, LastN = 256 },
            XtcProbability = 0.5f,
            XtcThreshold = 0.2f,
            Mirostat = 2,
            MirostatTau = 4,
            MirostatEta = 0.2f,
            DynamicTemperatureRange = 0.25f,
            DynamicTemperatureExponent = 2,
            TopNSigma = 1.5f,
            AdaptiveTarget = 0.4f,
            AdaptiveDecay = 0.5f,
        }, sampling with { Dry = sampling.Dry with { Breakers = Engine.Sampling.DryOptions.UsualBreakers } });
    }

    [Fact]
    public async Task A_request_without_sampling_fields_has_the_APIs_defaults_and_no_token_limit()
    {
        var model = new ScriptedModel();
        await using var server = await TestServer.StartAsync(model);
        await server.ChatAsync("""
            "temperature":null,"stop":null,"max_tokens":null,"model":"","response_format":{"type":"text"},"tools":null,"n":1.0
            """).JsonAsync();
        var request = Assert.Single(model.Requests);
        Assert.Equal(new Engine.Sampling.SamplingOptions(), request.Sampling);
        Assert.Null(request.MaxTokens);
        Assert.Null(request.TopLogprobs);
        Assert.Empty(request.Stop);
    }

    [Fact]
    public async Task Max_completion_tokens_wins_over_its_old_name_and_ends_with_length()
    {
        await using var server = await TestServer.StartAsync();
        var choice = (await server.ChatAsync("""
            "max_completion_tokens":2,"max_tokens":5
            """).JsonAsync())["choices"]![0]!;
        Assert.Equal("The capital", choice["message"].Text("content"));
        Assert.Equal("length", choice.Text("finish_reason"));
    }

    [Fact]
    public async Task Log_probabilities_come_with_bytes_and_alternatives()
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel("Hello é"));
        var logprobs = (await server.ChatAsync("""
            "logprobs":true,"top_logprobs":3
            """).JsonAsync())["choices"]![0]!["logprobs"]!;
        var tokens = logprobs["content"]!.AsArray();
        Assert.Equal(["Hello", " ", "\ufffd", "\ufffd"], tokens.Select(t => t!.Text("token")));
        Assert.Equal("[72,101,108,108,111]", tokens[0]!["bytes"]!.ToJsonString());
        Assert.Equal(["[195]", "[169]"], tokens.Skip(2).Select(t => t!["bytes"]!.ToJsonString()));
        Assert.Equal("""[{"token":"Hello","logprob":-0.25,"bytes":[72,101,108,108,111]},{"token":"b","logprob":-1.25,"bytes":[98]},{"token":"c","logprob":-9999,"bytes":[99]}]""",
            tokens[0]!["top_logprobs"]!.ToJsonString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stop_text_that_spans_tokens_takes_its_log_probabilities_with_it(bool stream)
    {
        await using var server = await TestServer.StartAsync();
        var fields = $"\"logprobs\":true,\"stop\":\"ance is P\",\"stream\":{(stream ? "true" : "false")}";
        var tokens = stream
            ? (await server.ChatAsync(fields).EventsAsync()).SelectMany(e => e["choices"]![0]!["logprobs"]?["content"]?.AsArray() ?? [])
            : (await server.ChatAsync(fields).JsonAsync())["choices"]![0]!["logprobs"]!["content"]!.AsArray();
        Assert.Equal(["The", " capital", " of", " France"], tokens.Select(t => t!.Text("token")));
    }

    [Fact]
    public async Task Text_parts_are_joined_and_developer_becomes_system_and_further_fields_stay()
    {
        var model = new ScriptedModel();
        await using var server = await TestServer.StartAsync(model);
        await server.PostAsync("/v1/chat/completions", """
            {"messages":[{"role":"developer","content":"Be brief."},
             {"role":"user","name":"Ann","content":[{"type":"text","text":"Hel"},{"type":"text","text":"lo"}]},
             {"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},
             {"role":"tool","tool_call_id":"1","content":"42"}],
             "tools":[{"type":"function","function":{"name":"f","parameters":{}}}],"tool_choice":"auto","chat_template_kwargs":{"enable_thinking":false}}
            """).JsonAsync();
        var prompt = Assert.Single(model.Prompts);
        Assert.Equal([("system", "Be brief."), ("user", "Hello"), ("assistant", null), ("tool", "42")], prompt.Messages.Select(m => (m.Role, m.Content)));
        Assert.Equal("""{"name":"Ann"}""", prompt.Messages[1].Extra!.ToJsonString());
        Assert.Equal("f", prompt.Messages[2].Extra!["tool_calls"]![0]!["function"].Text("name"));
        Assert.Equal("""[{"type":"function","function":{"name":"f","parameters":{}}}]""", prompt.Tools!.ToJsonString());
        Assert.Equal("""{"enable_thinking":false}""", prompt.Variables!.ToJsonString());
    }

    [Fact]
    public async Task Tool_choice_none_keeps_the_tools_from_the_template()
    {
        var model = new ScriptedModel();
        await using var server = await TestServer.StartAsync(model);
        await server.ChatAsync("""
            "tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"none"
            """).JsonAsync();
        Assert.Null(Assert.Single(model.Prompts).Tools);
    }

    [Theory]
    [InlineData("\"temperature\":\"hot\"", "temperature", "must be a number from 0 to 100, not \"hot\"")]
    [InlineData("\"temperature\":-1", "temperature", "must be a number from 0 to 100, not -1")]
    [InlineData("\"temperature\":1e999", "temperature", "must be a number")]
    [InlineData("\"top_p\":1.5", "top_p", "from 0 to 1")]
    [InlineData("\"n\":9", "n", "an integer from 1 to 8, not 9")]
    [InlineData("\"n\":1.5", "n", "an integer")]
    [InlineData("\"n\":0", "n", "an integer")]
    [InlineData("\"max_tokens\":0", "max_tokens", "at least 1")]
    [InlineData("\"max_completion_tokens\":99999999999", "max_completion_tokens", "at least 1")]
    [InlineData("\"seed\":\"x\"", "seed", "a 64-bit integer")]
    [InlineData("\"stream\":\"yes\"", "stream", "true or false")]
    [InlineData("\"stop\":[1]", "stop", "a string or an array of strings")]
    [InlineData("\"stop\":\"\"", "stop", "empty text")]
    [InlineData("\"stop\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\",\"14\",\"15\",\"16\",\"17\"]", "stop", "at most 16")]
    [InlineData("\"top_logprobs\":2", "top_logprobs", "needs 'logprobs'")]
    [InlineData("\"logprobs\":true,\"top_logprobs\":21", "top_logprobs", "from 0 to 20")]
    [InlineData("\"logprobs\":1", "logprobs", "true or false")]
    [InlineData("\"logit_bias\":{\"900\":1}", "logit_bias", "token ids from 0 to 266")]
    [InlineData("\"logit_bias\":{\"a\":1}", "logit_bias", "the key 'a'")]
    [InlineData("\"logit_bias\":{\"1\":101}", "logit_bias.1", "from -100 to 100")]
    [InlineData("\"logit_bias\":[]", "logit_bias", "an object")]
    [InlineData("\"frequency_penalty\":3", "frequency_penalty", "from -2 to 2")]
    [InlineData("\"dry_multiplier\":-1", "dry_multiplier", "from 0 to 100")]
    [InlineData("\"dry_base\":0.5", "dry_base", "from 1 to 100")]
    [InlineData("\"dry_allowed_length\":1.5", "dry_allowed_length", "an integer")]
    [InlineData("\"dry_penalty_last_n\":-2", "dry_penalty_last_n", "at least -1")]
    [InlineData("\"dry_sequence_breakers\":[\"\"]", "dry_sequence_breakers", "of 0 characters: 1 to 40")]
    [InlineData("\"dry_sequence_breakers\":{}", "dry_sequence_breakers", "a string or an array of strings")]
    [InlineData("\"xtc_probability\":1.1", "xtc_probability", "from 0 to 1")]
    [InlineData("\"xtc_threshold\":\"x\"", "xtc_threshold", "from 0 to 1")]
    [InlineData("\"mirostat\":3", "mirostat", "an integer from 0 to 2, not 3")]
    [InlineData("\"mirostat_tau\":-5", "mirostat_tau", "from 0 to 100")]
    [InlineData("\"mirostat_eta\":2", "mirostat_eta", "from 0 to 1")]
    [InlineData("\"dynatemp_range\":-0.5", "dynatemp_range", "from 0 to 100")]
    [InlineData("\"dynatemp_exponent\":0", "dynatemp_exponent", "a number from")]
    [InlineData("\"top_n_sigma\":-2", "top_n_sigma", "from -1 to 100")]
    [InlineData("\"adaptive_decay\":1", "adaptive_decay", "a number from 0 to 0.99")]
    [InlineData("\"model\":7", "model", "a string")]
    [InlineData("\"stream_options\":{}", "stream_options", "only for streams")]
    [InlineData("\"stream\":true,\"stream_options\":{\"include_usage\":1}", "stream_options.include_usage", "true or false")]
    [InlineData("\"response_format\":{\"type\":\"json_object\"}", "response_format", "not supported yet")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{}}", "response_format", "not supported yet")]
    [InlineData("\"tool_choice\":\"required\"", "tool_choice", "not supported yet")]
    [InlineData("\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"f\"}}", "tool_choice", "not supported yet")]
    [InlineData("\"tools\":[{\"type\":\"function\"}]", "tools[0].function.name", "is missing")]
    [InlineData("\"tools\":[1]", "tools[0]", "an object")]
    [InlineData("\"tools\":{}", "tools", "an array")]
    [InlineData("\"functions\":[]", "functions", "use 'tools'")]
    [InlineData("\"modalities\":[\"text\",\"audio\"]", "modalities", "not supported")]
    [InlineData("\"chat_template_kwargs\":[]", "chat_template_kwargs", "an object")]
    public async Task A_wrong_field_is_named_with_what_it_should_be(string field, string param, string message)
    {
        await using var server = await TestServer.StartAsync();
        var error = await server.ChatAsync(field).ErrorAsync(400);
        Assert.Equal(param, error.Text("param"));
        Assert.Equal("invalid_request_error", error.Text("type"));
        Assert.Contains(message, error.Text("message"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{}""", "messages")]
    [InlineData("""{"messages":[]}""", "messages")]
    [InlineData("""{"messages":"hi"}""", "messages")]
    [InlineData("""{"messages":[1]}""", "messages[0]")]
    [InlineData("""{"messages":[{"content":"hi"}]}""", "messages[0].role")]
    [InlineData("""{"messages":[{"role":"wizard","content":"hi"}]}""", "messages[0].role")]
    [InlineData("""{"messages":[{"role":"user"}]}""", "messages[0].content")]
    [InlineData("""{"messages":[{"role":"user","content":7}]}""", "messages[0].content")]
    [InlineData("""{"messages":[{"role":"user","content":["hi"]}]}""", "messages[0].content[0]")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text"}]}]}""", "messages[0].content[0].text")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"x"}}]}]}""", "messages[0].content[1].type")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"input_audio"}]}]}""", "messages[0].content[0].type")]
    [InlineData("""{"messages":[{"role":"user","content":"refuse me"}]}""", "messages")]
    public async Task A_wrong_message_is_named_by_its_path(string body, string param)
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal(param, (await server.PostAsync("/v1/chat/completions", body).ErrorAsync(400)).Text("param"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_over_long_prompt_is_told_both_counts(bool stream)
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel { ContextLength = 20 });
        var error = await server.ChatAsync($"\"stream\":{(stream ? "true" : "false")}", new string('x', 50)).ErrorAsync(400);
        Assert.Equal(("messages", "context_length_exceeded"), (error.Text("param"), error.Text("code")));
        Assert.Contains("57 tokens", error.Text("message"), StringComparison.Ordinal);
        Assert.Contains("20", error.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_engines_own_refusal_of_a_prompt_is_a_400_even_for_a_stream()
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel { BeforeToken = (_, _) => throw new ContextLengthException(300, 200) });
        var error = await server.ChatAsync("\"stream\":true").ErrorAsync(400);
        Assert.Equal("context_length_exceeded", error.Text("code"));
    }

    [Fact]
    public async Task A_model_that_is_not_served_is_a_404_with_the_names_that_are()
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel { Id = "maker/tiny" });
        var error = await server.ChatAsync("\"model\":\"gpt-4o\"").ErrorAsync(404);
        Assert.Equal(("model", "model_not_found"), (error.Text("param"), error.Text("code")));
        Assert.Contains("'maker/tiny'", error.Text("message"), StringComparison.Ordinal);
        await server.ChatAsync("\"model\":\"maker/tiny\"").JsonAsync(HttpStatusCode.OK);
    }
}
