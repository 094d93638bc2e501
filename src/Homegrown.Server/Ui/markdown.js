// Markdown to elements. A model's text is never HTML here: every piece of it becomes a text node, and only http(s) links become links.
import { copyButton } from "./elements.js";
import { words } from "./words.js";

const fence = /^ {0,3}(```+|~~~+)\s*([^`]*)$/;
const heading = /^(#{1,6})\s+(.*?)\s*#*$/;
const rule = /^ {0,3}([-*_])(\s*\1){2,}\s*$/;
const item = /^(\s*)([-*+]|\d{1,9}[.)])\s+(?=\S)/;
const divider = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const deepest = 8;

/** Shows a text in an element. Called again with a longer text, it replaces only the blocks that changed, so a selection survives. */
export function show(element, text) {
  const parts = blocks(text.split("\n"));
  parts.forEach((part, i) => {
    const key = `${part.kind}\n${part.lines.join("\n")}`;
    const old = element.children[i];
    if (old?.markdown === key) return;
    const fresh = build(part, 0);
    fresh.markdown = key;
    if (old) old.replaceWith(fresh);
    else element.append(fresh);
  });
  while (element.children.length > parts.length) element.lastChild.remove();
}

/** Splits lines into blocks: {kind, lines, more}. */
function blocks(lines) {
  const found = [];
  for (let i = 0; i < lines.length;) {
    const start = i, line = lines[i];
    let match;
    if (!line.trim()) i++;
    else if ((match = fence.exec(line))) {
      const [, mark, language] = match;
      for (i++; i < lines.length && !(lines[i].trim().startsWith(mark) && !lines[i].trim().slice(mark.length).replaceAll(mark[0], "").trim()); i++);
      found.push({ kind: "code", lines: lines.slice(start + 1, i), more: language.trim() });
      i++;
    } else if ((match = heading.exec(line))) {
      found.push({ kind: `h${Math.min(5, match[1].length + 2)}`, lines: [match[2]] });
      i++;
    } else if (rule.test(line)) {
      found.push({ kind: "hr", lines: [] });
      i++;
    } else if (line.startsWith(">")) {
      for (; i < lines.length && lines[i].startsWith(">"); i++);
      found.push({ kind: "quote", lines: lines.slice(start, i).map((l) => l.replace(/^> ?/, "")) });
    } else if ((match = item.exec(line))) {
      const ordered = /\d/.test(match[2]);
      for (i++; i < lines.length && continuesList(lines, i, match, ordered); i++);
      found.push({ kind: ordered ? "ol" : "ul", lines: lines.slice(start, i) });
    } else if (line.includes("|") && divider.test(lines[i + 1] ?? "") && lines[i + 1].includes("-")) {
      for (i += 2; i < lines.length && lines[i].includes("|"); i++);
      found.push({ kind: "table", lines: lines.slice(start, i) });
    } else {
      for (i++; i < lines.length && lines[i].trim() && ![fence, heading, rule, item].some((r) => r.test(lines[i])) && !lines[i].startsWith(">"); i++);
      found.push({ kind: "p", lines: lines.slice(start, i) });
    }
  }
  return found;
}

/** An indented line, another item of the same kind, or an empty line before one of these. */
function continuesList(lines, i, [, indent], ordered) {
  const line = lines[i].trim() ? lines[i] : lines[i + 1] ?? "";
  const match = item.exec(line);
  if (match && match[1].length <= indent.length) return /\d/.test(match[2]) === ordered;
  return line.trim() !== "" && (/^\s{2,}/.test(line) || lines[i].trim() !== "" && lines[i - 1].trim() !== "" && !fence.test(line) && !heading.test(line));
}

function build({ kind, lines, more }, depth) {
  if (kind === "code") return codeBlock(lines.join("\n"), more);
  if (kind === "ul" || kind === "ol") return list(kind, lines, depth);
  if (kind === "table") return table(lines);
  if (kind === "quote") return element("blockquote", ...children(lines, depth));
  const made = element(kind);
  lines.forEach((line, i) => {
    if (i > 0) made.append(/( {2,}|\\)$/.test(lines[i - 1]) ? element("br") : "\n");
    inline(made, line.trim());
  });
  return made;
}

const children = (lines, depth) => depth >= deepest ? [lines.join("\n")] : blocks(lines).map((b) => build(b, depth + 1));

function list(kind, lines, depth) {
  const made = element(kind), first = item.exec(lines[0]);
  if (kind === "ol") made.start = parseInt(first[2], 10);
  let current = [];
  const flush = () => {
    const [only, ...others] = children(current, depth);
    const li = element("li");
    // A lone paragraph is the item's own text: no paragraph inside.
    if (only instanceof Element && only.tagName === "P") li.append(...only.childNodes, ...others);
    else if (only) li.append(only, ...others);
    made.append(li);
  };
  lines.forEach((line, i) => {
    const match = item.exec(line);
    if (match && match[1].length <= first[1].length) {
      if (i > 0) flush();
      current = [line.slice(match[0].length)];
    } else current.push(line.replace(new RegExp(`^\\s{0,${first[0].length}}`), ""));
  });
  flush();
  return made;
}

function table([head, , ...rows]) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|");
  const row = (line, tag) => {
    const made = element("tr");
    for (const cell of cells(line)) inline(made.appendChild(element(tag)), cell.trim());
    return made;
  };
  const made = element("table", element("thead", row(head, "th")), element("tbody", ...rows.map((r) => row(r, "td"))));
  const frame = element("div", made);
  frame.className = "table";
  return frame;
}

function codeBlock(text, language) {
  const head = element("div", element("span", language), copyButton(words.copyCode, () => text));
  head.className = "code-head";
  const frame = element("div", head, element("pre", element("code", text)));
  frame.className = "code";
  return frame;
}

// In order: code, bold, italic, struck, [text](link), bare link. Marks of emphasis do not reach over spaces at their inner side.
const marks = /(`+)(.+?)\1(?!`)|(\*\*|__)(?=\S)(.+?)(?<=\S)\3|(?<![\p{L}\p{N}])([*_])(?=\S)(.+?)(?<=\S)\5(?![\p{L}\p{N}])|~~(?=\S)(.+?)(?<=\S)~~|\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)|(https?:\/\/[^\s<>"'`，。）]*[^\s<>"'`，。）.,:;!?)\]*_])/gu;

function inline(parent, text, depth = 0) {
  let at = 0;
  for (const m of depth < deepest ? text.matchAll(marks) : []) {
    parent.append(text.slice(at, m.index));
    at = m.index + m[0].length;
    if (m[2] !== undefined) parent.append(element("code", m[2].length > 2 ? m[2].replace(/^ (.*) $/, "$1") : m[2]));
    else if (m[4] !== undefined) inline(parent.appendChild(element("strong")), m[4], depth + 1);
    else if (m[6] !== undefined) inline(parent.appendChild(element("em")), m[6], depth + 1);
    else if (m[7] !== undefined) inline(parent.appendChild(element("s")), m[7], depth + 1);
    else if (m[8] !== undefined) inline(parent.appendChild(link(m[9])), m[8], depth + 1);
    else parent.appendChild(link(m[10])).append(m[10]);
  }
  parent.append(text.slice(at));
}

function link(address) {
  const made = element("a");
  made.href = address;
  made.target = "_blank";
  made.rel = "noopener noreferrer";
  return made;
}

function element(tag, ...content) {
  const made = document.createElement(tag);
  made.append(...content);
  return made;
}
