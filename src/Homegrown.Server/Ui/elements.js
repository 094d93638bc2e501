// Small pieces of the page that are made by script.
import { label, words } from "./words.js";

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "use")).setAttribute("href", `#i-${name}`);
  return svg;
}

/** A button that is an icon with a name. */
export function iconButton(name, text, onClick) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "square";
  button.append(icon(name));
  label(button, text);
  button.addEventListener("click", onClick);
  return button;
}

/** Copies what `text` gives, and shows a tick for a moment. */
export function copyButton(name, text) {
  const button = iconButton("copy", name, async () => {
    await copy(text());
    button.replaceChildren(icon("check"));
    label(button, words.copied);
    setTimeout(() => {
      button.replaceChildren(icon("copy"));
      label(button, name);
    }, 1500);
  });
  return button;
}

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Over plain HTTP from another machine browsers have no clipboard object: the old command still works.
  const area = document.body.appendChild(document.createElement("textarea"));
  area.value = text;
  area.select();
  document.execCommand("copy");
  area.remove();
}

/** A short message at the bottom, with one thing to do about it. */
export function toast(text, action, onAction) {
  const element = document.getElementById("toast");
  element.replaceChildren(text);
  if (action) {
    const button = element.appendChild(document.createElement("button"));
    button.type = "button";
    button.textContent = action;
    button.addEventListener("click", () => {
      element.hidden = true;
      onAction();
    });
  }
  element.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => (element.hidden = true), 6000);
}
