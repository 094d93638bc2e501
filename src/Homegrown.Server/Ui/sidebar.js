// The list of conversations.
import { chats, remove, save } from "./chats.js";
import { iconButton, toast } from "./elements.js";
import { words } from "./words.js";

const list = document.getElementById("chats");

/** Shows all conversations; `open` shows one, or a new one for null. */
export function showChats(current, open) {
  list.replaceChildren(...chats.map((chat) => {
    const row = document.createElement("li");
    row.className = chat === current ? "current" : "";
    const button = row.appendChild(document.createElement("button"));
    button.type = "button";
    button.className = "open";
    if (chat === current) button.setAttribute("aria-current", "true");
    button.appendChild(document.createElement("span")).textContent = chat.title;
    button.title = chat.title;
    button.addEventListener("click", () => open(chat));
    row.append(iconButton("pen", words.rename, () => rename(chat, row, current, open)), iconButton("bin", words.remove, () => {
      const undo = remove(chat);
      toast(words.removed, words.undo, () => {
        undo();
        open(chat);
      });
      if (chat === current) open(null);
      else showChats(current, open);
    }));
    return row;
  }));
}

function rename(chat, row, current, open) {
  const input = document.createElement("input");
  input.value = chat.title;
  input.setAttribute("aria-label", words.rename);
  row.replaceChildren(input);
  input.select();
  let done = false;
  const finish = (keep) => {
    if (done) return;
    done = true;
    chat.title = keep && input.value.trim() || chat.title;
    save();
    if (chat === current) open(chat);
    else showChats(current, open);
  };
  input.addEventListener("blur", () => finish(true));
  input.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && !e.isComposing) finish(true);
    if (e.key === "Escape") finish(false);
    e.stopPropagation();
  });
}
