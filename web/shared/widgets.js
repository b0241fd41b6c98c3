// Parts that both pages are made of.
import { el, fill } from "./dom.js";

/** A state as a badge: a color, and always a word. Tones: ok, warn, bad, mute, accent. */
export function badge(tone, text, title) {
  return el("span", { class: `badge ${tone}`, title }, text);
}

/** A button. */
export function button(text, onclick, props = {}) {
  return el("button", { type: "button", onclick, ...props }, text);
}

/** A button that copies what `text()` gives, and says so. */
export function copyButton(label, text, props = {}) {
  const node = button(
    label,
    async () => {
      const isDone = await copy(text());
      fill(node, isDone ? "Copied" : "Not allowed to copy");
      announce(isDone ? "Copied" : "The browser does not allow copying");
      setTimeout(() => fill(node, label), 1_500);
    },
    props,
  );
  return node;
}

/** Copies a text; gives whether the browser did. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Says something to a screen reader, by the page's element `#announcer`. */
export function announce(text) {
  const node = document.getElementById("announcer");
  if (node) node.textContent = text;
}

/** A problem as a panel: what it is, and what can be done. `again` says what happens without anybody's doing. */
export function problemPanel(problem, onRetry, again) {
  return el(
    "div",
    { class: "notice bad", role: "alert" },
    el("p", {}, el("strong", {}, problem.status ? `${problem.status} ${problem.title}` : problem.title)),
    problem.detail && el("p", {}, problem.detail),
    again && el("p", {}, again),
    onRetry && button("Try again", onRetry),
  );
}
