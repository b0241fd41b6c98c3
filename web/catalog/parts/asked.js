// The API under what one sees: the exact request, in the words of those who ask, its ETag, and how it was served.
import { ask } from "../../shared/api.js";
import { el, fill } from "../../shared/dom.js";
import { servedWords } from "../../shared/served.js";
import { badge, button, copyButton } from "../../shared/widgets.js";
import { bytes, count, duration, milliseconds } from "../../shared/words.js";
import { LANGUAGES } from "../data/request.js";

/**
 * Makes what shows a request. `show({path, notes, expected})` shows another one; `answer()` asks it. `expected` is how many models
 * the page shows, which the API's own count is held against.
 * @param {{copyKey?: string}} [of] which key copies it
 */
export function makeAsked({ copyKey } = {}) {
  const state = { path: "", language: "curl", expected: null, asking: null };
  const code = el("pre", { class: "code", tabIndex: 0, "aria-label": "The request" });
  const notes = el("ul", { class: "notes" });
  const answered = el("div", { class: "answered", "aria-live": "polite" });
  const text = () => LANGUAGES[state.language](new URL(state.path, location.origin).href);
  const choices = Object.keys(LANGUAGES).map((language) =>
    button(language, () => choose(language), { "aria-pressed": "false", dataset: { language } }),
  );
  const copying = copyButton("Copy", text, { class: "primary" });
  const node = el(
    "div",
    { class: "asked" },
    el(
      "div",
      { class: "asked-bar" },
      el("div", { class: "choices", role: "group", "aria-label": "Language" }, choices),
      copying,
      copyKey && el("span", { class: "soft small key-hint" }, "or press ", el("kbd", {}, copyKey)),
    ),
    code,
    notes,
    answered,
  );

  function choose(language) {
    state.language = language;
    for (const choice of choices) choice.setAttribute("aria-pressed", String(choice.dataset.language === language));
    fill(code, text());
  }

  async function answer() {
    state.asking?.abort();
    const asking = new AbortController();
    state.asking = asking;
    fill(answered, el("p", { class: "soft" }, "Asking …"));
    try {
      const told = await ask(state.path, { signal: asking.signal });
      if (state.asking === asking) fill(answered, answerWords(told, state.expected), button("Ask again", answer));
    } catch (problem) {
      if (problem.name === "AbortError" || state.asking !== asking) return;
      fill(
        answered,
        el("p", {}, badge("bad", problem.status ? `${problem.status} ${problem.title}` : problem.title), " ", problem.detail ?? ""),
        button("Ask again", answer),
      );
    }
  }

  choose("curl");
  return {
    node,
    text,
    copy: () => copying.click(),
    answer,
    show({ path, notes: said = [], expected = null }) {
      Object.assign(state, { path, expected });
      choose(state.language);
      fill(
        notes,
        said.map((note) => el("li", {}, note)),
      );
      notes.hidden = said.length === 0;
      state.asking?.abort();
      fill(answered);
    },
  };
}

function answerWords({ status, headers, body, bytes: length, tookMs }, expected) {
  const served = servedWords(headers);
  return [
    el(
      "dl",
      { class: "facts" },
      fact("Status", `${status}`),
      fact("ETag", el("code", {}, headers.get("etag") ?? "none")),
      fact("Served", badge(served.tone, served.word), ` ${served.text}.`),
      served.ageSecs !== undefined && fact("Age", `read from the database ${duration(served.ageSecs)} before`),
      fact("Size and time", `${bytes(length)} in ${milliseconds(tookMs)}`),
      expected !== null && fact("Models", totalWords(body?.total, expected)),
    ),
    served.steps.length > 0 &&
      el(
        "ol",
        { class: "steps", "aria-label": "Cache-Status in words" },
        served.steps.map((step) => el("li", {}, step)),
      ),
    headers.get("cache-status") && el("p", { class: "soft small mono wrap" }, `cache-status: ${headers.get("cache-status")}`),
  ];
}

function totalWords(total, expected) {
  if (total === expected) return [badge("ok", "the same"), ` The API finds ${count(total)}, as this page does.`];
  return [
    badge("warn", "another number"),
    ` The API finds ${count(total)}, this page ${count(expected)}: the catalog may have changed since it was loaded.`,
  ];
}

function fact(name, ...value) {
  return [el("dt", {}, name), el("dd", {}, value)];
}
