// The page's words. A language is one object; the browser's preference chooses.
const en = {
  newChat: "New chat", conversations: "Conversations", settings: "Settings", theme: "Light or dark", menu: "Conversations and settings", close: "Close",
  export: "Save as Markdown", messages: "Messages", welcome: "What would you like to know?",
  welcomeHint: "Answered by a model on your own server. Conversations stay in this browser.",
  ideas: ["What is the capital of France?", "Explain photosynthesis to a child", "Write a haiku about autumn"],
  ask: "Ask anything", send: "Send", stop: "Stop", keys: "Enter sends, Shift+Enter starts a new line, Esc stops",
  model: "Model", system: "System prompt", systemHint: "How the model should behave, for every conversation", temperature: "Temperature", topP: "Top p", topK: "Top k",
  maxTokens: "Most tokens", seed: "Seed", apiKey: "API key", noLimit: "no limit", random: "random", none: "none",
  settingsHint: "An empty field leaves the choice to the server. Settings are kept in this browser.",
  copy: "Copy", copied: "Copied", redo: "Answer again", rename: "Rename", remove: "Delete", removed: "Conversation deleted", undo: "Undo", retry: "Try again", copyCode: "Copy code",
  stats: (s) => `${s.completion} tokens · ${s.rate} tokens/s`,
  statsHint: (s) => `${s.prompt} tokens in the prompt, ${s.completion} in the answer; the first after ${s.first} s`,
  context: (n) => `${n.toLocaleString("en")} tokens of context`,
  cut: "The answer reached the limit of tokens.", stopped: "Stopped.", you: "You", assistant: "Assistant",
  down: "The server does not answer. Is it still running?",
  badKey: "This server asks for an API key, or does not know the one given.",
  tooLong: (m) => `${m} Start a new chat, or shorten your message.`,
  full: "The browser's storage is full: this conversation is not kept. Delete some older ones.",
};
const zh = {
  newChat: "新对话", conversations: "对话列表", settings: "设置", theme: "浅色或深色", menu: "对话与设置", close: "关闭",
  export: "保存为 Markdown", messages: "消息", welcome: "想了解些什么？",
  welcomeHint: "由您自己服务器上的模型回答，对话只保存在此浏览器中。",
  ideas: ["法国的首都是哪里？", "给孩子讲讲光合作用", "写一首关于秋天的俳句"],
  ask: "请输入问题", send: "发送", stop: "停止", keys: "Enter 发送，Shift+Enter 换行，Esc 停止",
  model: "模型", system: "系统提示词", systemHint: "模型在所有对话中应如何表现", temperature: "温度", topP: "Top p", topK: "Top k",
  maxTokens: "最大词元数", seed: "随机种子", apiKey: "API 密钥", noLimit: "不限", random: "随机", none: "无",
  settingsHint: "留空则由服务器决定。设置保存在此浏览器中。",
  copy: "复制", copied: "已复制", redo: "重新回答", rename: "重命名", remove: "删除", removed: "对话已删除", undo: "撤销", retry: "重试", copyCode: "复制代码",
  stats: (s) => `${s.completion} 词元 · ${s.rate} 词元/秒`,
  statsHint: (s) => `提示 ${s.prompt} 词元，回答 ${s.completion} 词元；首词元用时 ${s.first} 秒`,
  context: (n) => `上下文 ${n.toLocaleString("en")} 词元`,
  cut: "回答已达到词元上限。", stopped: "已停止。", you: "用户", assistant: "助手",
  down: "服务器没有响应，它还在运行吗？",
  badKey: "此服务器需要 API 密钥，或所给密钥不正确。",
  tooLong: (m) => `${m} 请新建对话，或缩短消息。`,
  full: "浏览器存储已满，此对话未能保存。请删除一些旧对话。",
};
const chinese = navigator.language.toLowerCase().startsWith("zh");
export const words = chinese ? zh : en;

/** Puts the words into an element's marked descendants. */
export function translate(root) {
  document.documentElement.lang = chinese ? "zh-CN" : "en";
  for (const e of root.querySelectorAll("[data-text]")) e.textContent = words[e.dataset.text];
  for (const e of root.querySelectorAll("[data-placeholder]")) e.placeholder = words[e.dataset.placeholder];
  for (const e of root.querySelectorAll("[data-label]")) label(e, words[e.dataset.label]);
}

/** A name for those who hear the page, and a hint for those who point at it. */
export function label(element, text) {
  element.setAttribute("aria-label", text);
  if (element.matches("button")) element.title = text;
}
