// The page: what a person does, and what follows.
import { Failure, chat as ask, models } from "./api.js";
import { asMarkdown, chats, newChat, save, settings } from "./chats.js";
import { icon, toast } from "./elements.js";
import { showMessages, update } from "./messages.js";
import { onSettings, openSettings, showModels } from "./settings.js";
import { showChats } from "./sidebar.js";
import { label, translate, words } from "./words.js";

const by = (id) => document.getElementById(id);
const input = by("input"), sendButton = by("send");
const running = new Map();                                                       // chat -> the controller that stops its answer
let current = newChat();
let listed = [];                                                                 // the server's models

function open(chat) {
  current = chat ?? newChat();
  document.body.classList.remove("menu");
  refresh();
  if (matchMedia("(hover: hover)").matches) input.focus();                       // on a touch screen it would call the keyboard
}

function refresh() {
  showChats(current, open);
  showMessages(current, running.has(current), () => redo(current));
  by("title").textContent = current.title;
  document.title = current.title ? `${current.title} · Homegrown` : "Homegrown";
  by("export").hidden = current.messages.length === 0;
  showSend();
}

function showSend() {
  const stops = running.has(current);
  if (sendButton.dataset.stops !== String(stops)) {
    sendButton.dataset.stops = stops;
    sendButton.replaceChildren(icon(stops ? "stop" : "send"));
    label(sendButton, stops ? words.stop : words.send);
  }
  sendButton.disabled = !stops && !input.value.trim();
}

function send(text) {
  const chat = current;
  if (!text.trim() || running.has(chat)) return;
  chat.messages.push({ role: "user", content: text });
  chat.title ||= text.trim().split("\n")[0].slice(0, 60);
  answer(chat);
}

function redo(chat) {
  if (running.has(chat)) return;
  if (chat.messages.at(-1).role === "assistant") chat.messages.pop();
  answer(chat);
}

async function answer(chat) {
  const system = settings.system?.trim() ? [{ role: "system", content: settings.system }] : [];
  const prompt = [...system, ...chat.messages.map(({ role, content }) => ({ role, content }))];
  const message = { role: "assistant", content: "" };
  const stop = new AbortController();
  running.set(chat, stop);
  delete chat.failure;
  chat.messages.push(message);
  keep(chat);
  refresh();
  const began = performance.now();
  let first = 0, frame = 0;
  try {
    const { finish, usage } = await ask(prompt, stop.signal, (text) => {
      first ||= performance.now();
      message.content += text;
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        update(message);
      });
    });
    message.finish = finish;
    if (usage && first) message.stats = stats(usage, began, first);
  } catch (error) {
    if (error.name === "AbortError") message.finish = "stopped";
    else chat.failure = explain(error);
    if (!message.content) chat.messages.pop();
    if (error.kind === "key") openSettings(words.badKey);
  } finally {
    cancelAnimationFrame(frame);
    running.delete(chat);
    keep(chat);
    if (chat === current) refresh();
    else showChats(current, open);
  }
}

/** Tokens a second are counted from the first one on: the time before it is the prompt's. */
function stats(usage, began, first) {
  const seconds = (performance.now() - first) / 1000;
  const rate = seconds > 0 && usage.completion_tokens > 1 ? (usage.completion_tokens - 1) / seconds : 0;
  return { completion: usage.completion_tokens, prompt: usage.prompt_tokens, rate: rate.toFixed(1), first: ((first - began) / 1000).toFixed(2) };
}

function explain(error) {
  if (!(error instanceof Failure)) return String(error);
  return { down: words.down, key: words.badKey, long: words.tooLong(error.message) }[error.kind] ?? error.message;
}

function keep(chat) {
  if (!save(chat)) toast(words.full);
}

function submit() {
  const text = input.value;
  if (!text.trim() || running.has(current)) return;
  input.value = "";
  grow();
  send(text);
}

function grow() {
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight}px`;
  showSend();
}

function saveFile(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

async function loadModels() {
  try {
    listed = await models();
    showModels(listed);
  } catch (error) {
    if (error.kind === "key") openSettings(words.badKey);
    else toast(explain(error));
  }
}

translate(document);
for (const idea of words.ideas) {
  const button = by("ideas").appendChild(document.createElement("button"));
  button.type = "button";
  button.textContent = idea;
  button.addEventListener("click", () => send(idea));
}

by("composer").addEventListener("submit", (e) => {
  e.preventDefault();
  if (running.has(current)) running.get(current).abort();
  else submit();
});
input.addEventListener("input", grow);
input.addEventListener("keydown", (e) => {
  // While an input method composes (Chinese, Japanese), Enter chooses a word; some browsers tell it only by the code 229.
  if (e.key !== "Enter" || e.shiftKey || e.isComposing || e.keyCode === 229) return;
  e.preventDefault();
  submit();
});
document.addEventListener("keydown", (e) => {
  if (e.key === "Escape" && !by("settings").open) running.get(current)?.abort();
});

by("new-chat").addEventListener("click", () => open(null));
by("menu").addEventListener("click", () => document.body.classList.toggle("menu"));
by("veil").addEventListener("click", () => document.body.classList.remove("menu"));
by("open-settings").addEventListener("click", () => openSettings());
by("export").addEventListener("click", () => saveFile(`${current.title.replace(/[^\p{L}\p{N} ]/gu, "").trim() || "chat"}.md`, asMarkdown(current, words)));
by("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("homegrown.theme", root.dataset.theme);
});
onSettings((otherKey) => {
  if (otherKey) loadModels();
  else if (listed.length) showModels(listed);
});

open(chats[0]);
loadModels();
