// The server's API, as this page uses it.
import { settings } from "./chats.js";

/** An answer that did not come: `kind` is down, key, long or other. */
export class Failure extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

export async function models() {
  const reply = await request("/v1/models");
  return (await reply.json()).data;
}

/** Streams an answer: calls `onText` with each piece; gives {finish, usage}. Aborting the signal hangs up, and the server stops. */
export async function chat(messages, signal, onText) {
  const body = { messages, stream: true, stream_options: { include_usage: true } };
  if (settings.model) body.model = settings.model;
  for (const name of ["temperature", "top_p", "top_k", "max_tokens", "seed"]) if (settings[name]) body[name] = Number(settings[name]);
  const reply = await request("/v1/chat/completions", { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" }, signal });
  const result = { finish: null, usage: null };
  let whole = false;
  for await (const event of events(reply.body)) {
    if (event === "[DONE]") {
      whole = true;
      continue;
    }
    const chunk = JSON.parse(event);
    if (chunk.error) throw new Failure("other", chunk.error.message);
    const choice = chunk.choices[0];
    if (choice?.delta.content) onText(choice.delta.content);
    result.finish = choice?.finish_reason ?? result.finish;
    result.usage = chunk.usage ?? result.usage;
  }
  if (!whole) throw new Failure("down", "");
  return result;
}

async function request(path, options = {}) {
  const headers = { ...options.headers, ...(settings.apiKey ? { Authorization: `Bearer ${settings.apiKey}` } : {}) };
  let reply;
  try {
    reply = await fetch(path, { ...options, headers });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Failure("down", "");
  }
  if (reply.ok) return reply;
  const { error } = await reply.json().catch(() => ({ error: { message: `${reply.status} ${reply.statusText}` } }));
  throw new Failure(reply.status === 401 ? "key" : error.code === "context_length_exceeded" ? "long" : "other", error.message);
}

/** The data of each server-sent event; comments are skipped. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  while (true) {
    const { done, value } = await reader.read().catch((error) => {
      throw error.name === "AbortError" ? error : new Failure("down", "");
    });
    if (done) return;
    const parts = (waiting + value).split("\n\n");
    waiting = parts.pop();
    for (const part of parts) if (part.startsWith("data: ")) yield part.slice(6);
  }
}
