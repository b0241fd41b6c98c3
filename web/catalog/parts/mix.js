// Your mix: tokens in and out a month, of which every price is made a cost.
import { el } from "../../shared/dom.js";
import { count } from "../../shared/words.js";

const MILLION = 1_000_000;

/**
 * Makes the two fields. Numbers are read as `2500000`, `2,500,000`, `2.5M` or `40k`; `show(view)` shows others.
 * @param {(patch: {tokensIn?: number | null, tokensOut?: number | null}) => void} change
 */
export function makeMix(change) {
  const tokensIn = field("Tokens in a month", "Tokens in / month", (value) => change({ tokensIn: value }));
  const tokensOut = field("Tokens out a month", "Tokens out / month", (value) => change({ tokensOut: value }));
  return {
    node: el("div", { class: "mix", role: "group", "aria-label": "Your mix" }, tokensIn.node, tokensOut.node),
    show(view) {
      tokensIn.show(view.tokensIn);
      tokensOut.show(view.tokensOut);
    },
  };
}

/** A number of tokens as people write it; null of nothing, undefined of what is no number. */
export function readTokens(text) {
  const clean = text.replace(/[,\s_]/g, "").toLowerCase();
  if (clean === "") return null;
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([km]|bn?)?$/.exec(clean) ?? [];
  if (digits === undefined) return undefined;
  const tokens = Math.round(Number(digits) * ({ k: 1_000, m: MILLION, b: 1_000 * MILLION, bn: 1_000 * MILLION }[unit] ?? 1));
  return tokens < 1e15 ? tokens : undefined;
}

function field(label, shown, change) {
  const input = el("input", {
    type: "text",
    inputmode: "text",
    autocomplete: "off",
    placeholder: "10M",
    "aria-label": label,
    onchange: () => {
      const tokens = readTokens(input.value);
      input.setAttribute("aria-invalid", String(tokens === undefined));
      if (tokens !== undefined) change(tokens);
    },
  });
  return {
    node: el("label", { class: "field" }, el("span", {}, shown), input),
    show(tokens) {
      if (document.activeElement === input && readTokens(input.value) === tokens) return;
      input.value = tokens === null ? "" : count(tokens);
    },
  };
}
