// The messages of the conversation on screen.
import { copyButton, iconButton } from "./elements.js";
import { show } from "./markdown.js";
import { words } from "./words.js";

const list = document.getElementById("messages");
const scroller = document.getElementById("scroller");
const shown = new WeakMap();                                                     // message -> its element

/** Shows a conversation; `redo` is what "answer again" does. */
export function showMessages(chat, running, redo) {
  list.replaceChildren(...chat.messages.map((message, i) => build(message, redo, running && i === chat.messages.length - 1, i === chat.messages.length - 1)));
  if (chat.failure) list.append(failure(chat.failure, redo));
  document.getElementById("welcome").hidden = chat.messages.length > 0;
  list.setAttribute("aria-busy", String(running));
  scroller.scrollTop = scroller.scrollHeight;
}

/** Shows what has been added to a message, if it is on screen; follows the text unless the reader has scrolled away. */
export function update(message) {
  const body = shown.get(message)?.querySelector(".body");
  if (!body?.isConnected) return;
  const following = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
  show(body, message.content);
  if (following) scroller.scrollTop = scroller.scrollHeight;
}

function build(message, redo, streaming, last) {
  const element = document.createElement("article");
  shown.set(message, element);
  element.className = `message ${message.role}${streaming ? " streaming" : ""}`;
  element.setAttribute("aria-label", message.role === "user" ? words.you : words.assistant);
  const body = element.appendChild(document.createElement("div"));
  if (message.role === "user") {
    body.className = "body";
    body.textContent = message.content;
  } else {
    body.className = "body markdown";
    show(body, message.content);
  }
  if (!streaming) element.append(...foot(message, last && message.role === "assistant" ? redo : null));
  return element;
}

function foot(message, redo) {
  const made = [];
  const note = { length: words.cut, stopped: words.stopped }[message.finish];
  if (note) made.push(paragraph("notice", note));
  const line = document.createElement("div");
  line.className = "foot-line";
  line.append(copyButton(words.copy, () => message.content));
  if (redo) line.append(iconButton("redo", words.redo, redo));
  if (message.stats) {
    const stats = line.appendChild(document.createElement("span"));
    stats.textContent = words.stats(message.stats);
    stats.title = words.statsHint(message.stats);
  }
  return [...made, line];
}

function failure(text, retry) {
  const element = document.createElement("div");
  element.className = "failure";
  element.setAttribute("role", "alert");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words.retry;
  button.addEventListener("click", retry);
  element.append(paragraph("", text), button);
  return element;
}

function paragraph(className, text) {
  const made = document.createElement("p");
  made.className = className;
  made.textContent = text;
  return made;
}
