// The settings dialog: its fields are the settings, by name.
import { saveSettings, settings } from "./chats.js";
import { words } from "./words.js";

const dialog = document.getElementById("settings");
const form = dialog.querySelector("form");
const note = document.getElementById("settings-note");
let keyBefore;

/** Opens it; with a reason when the server asked for a key, which then has the focus. */
export function openSettings(reason) {
  for (const field of form.elements) if (field.name) field.value = settings[field.name] ?? "";
  keyBefore = settings.apiKey;
  note.textContent = reason ?? "";
  note.hidden = !reason;
  dialog.showModal();
  if (reason) form.elements.apiKey.focus();
}

/** Calls `changed` when the dialog closes, and tells it whether the key is another one. */
export function onSettings(changed) {
  form.addEventListener("input", (e) => {
    if (e.target.checkValidity()) settings[e.target.name] = e.target.value;
  });
  dialog.addEventListener("close", () => {
    saveSettings();
    changed(settings.apiKey !== keyBefore);
  });
  dialog.addEventListener("click", (e) => {
    if (e.target === dialog) dialog.close();                                     // a click beside it
  });
}

/** Offers the models, and says which will answer. */
export function showModels(models) {
  const select = form.elements.model;
  select.replaceChildren(...models.map((m) => new Option(m.id)));
  const chosen = models.find((m) => m.id === settings.model) ?? models[0];
  settings.model = chosen.id;
  const badge = document.getElementById("model");
  badge.textContent = chosen.id;
  badge.title = words.context(chosen.context_length);
}
