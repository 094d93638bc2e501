// The official openai package for Node, unchanged, as a client: node client.mjs BASE_URL MODEL KEY. Prints what it saw as one line of JSON.
import OpenAI from "openai";

const [baseURL, model, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const messages = [
  { role: "system", content: "Be brief." },
  { role: "user", content: [{ type: "text", text: "What is the capital of France?" }] },
];
const seen = {};

const whole = await client.chat.completions.create({ model, messages, temperature: 0, logprobs: true, top_logprobs: 2 });
seen.whole = whole.choices[0].message.content;
seen.finish = whole.choices[0].finish_reason;
seen.tokens = whole.choices[0].logprobs.content.length;
seen.total = whole.usage.total_tokens - whole.usage.prompt_tokens - whole.usage.completion_tokens;

seen.streamed = "";
const stream = await client.chat.completions.create({ model, messages, temperature: 0, stream: true, stream_options: { include_usage: true } });
for await (const chunk of stream) {
  seen.streamed += chunk.choices[0]?.delta.content ?? "";
  seen.usage = chunk.usage?.completion_tokens;
}

// The SDK's own accumulator is strict about ids, roles and reasons.
const runner = client.chat.completions.stream({ model, messages, temperature: 0, n: 2 });
seen.accumulated = (await runner.finalChatCompletion()).choices.map((c) => `${c.index} ${c.message.role} ${c.message.content}`);

const aborted = await client.chat.completions.create({ model, messages, stream: true });
for await (const chunk of aborted) if (chunk.choices[0].delta.content) break;                 // leaving the loop hangs up

const completion = await client.completions.create({ model, prompt: ["Hello"], max_tokens: 2, temperature: 0 });
seen.completion = completion.choices[0].finish_reason;

seen.models = [];
for await (const entry of client.models.list()) seen.models.push(entry.id);
seen.model = (await client.models.retrieve(model)).id;

const name = (promise) => promise.then(() => "none", (e) => `${e.constructor.name} ${e.status} ${e.code} ${e.requestID.slice(0, 4)}`);
seen.errors = [
  await name(client.chat.completions.create({ model: "other", messages })),
  await name(client.chat.completions.create({ model, messages: [] })),
  await name(new OpenAI({ baseURL, apiKey: "wrong", maxRetries: 0 }).models.list()),
];

console.log(JSON.stringify(seen));
