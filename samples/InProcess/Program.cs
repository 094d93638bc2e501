// A model in your own process: dotnet run --project samples/InProcess -- models/SmolLM2-135M-Instruct.Q4_1.gguf "What is the capital of France?"
using Homegrown.Engine;
using Homegrown.Engine.Library;
using Microsoft.Extensions.AI;

using var model = LocalModel.Load(args[0]);
using IChatClient client = new HomegrownChatClient(model);

await foreach (var update in client.GetStreamingResponseAsync(args[1], new ChatOptions { Temperature = 0, MaxOutputTokens = 200 }))
    Console.Write(update.Text);
Console.WriteLine();
