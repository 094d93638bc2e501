// Conversations and settings, kept in the browser's local storage.
const read = (key, missing) => {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? missing;
  } catch {
    return missing;
  }
};
const write = (key, value) => localStorage.setItem(key, JSON.stringify(value));

const chatsKey = "homegrown.chats", settingsKey = "homegrown.settings";

/** Newest first: {id, title, messages: [{role, content, stats?, finish?}]}. */
export let chats = read(chatsKey, []);

export const settings = { temperature: "0.7", top_p: "0.95", ...read(settingsKey, {}) };

export const newChat = () => ({ id: crypto.randomUUID?.() ?? String(Math.random()).slice(2), title: "", messages: [] });

/** Keeps everything; a chat moves to the top once it has messages. Returns false when the storage is full. */
export function save(chat) {
  if (chat?.messages.length && chats[0] !== chat) chats = [chat, ...chats.filter((c) => c !== chat)];
  try {
    write(chatsKey, chats);
    return true;
  } catch {
    return false;
  }
}

/** Takes a chat out; the function that it returns puts it back. */
export function remove(chat) {
  const before = chats;
  chats = chats.filter((c) => c !== chat);
  save();
  return () => {
    chats = before;
    save();
  };
}

export const saveSettings = () => write(settingsKey, settings);

export function asMarkdown(chat, names) {
  const parts = chat.messages.map((m) => `**${m.role === "user" ? names.you : names.assistant}**\n\n${m.content}\n`);
  return `# ${chat.title}\n\n${parts.join("\n")}`;
}
