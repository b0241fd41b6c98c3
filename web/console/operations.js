// The last invalidations and warm runs, of all isolates, with their causes and what they changed.
import { el } from "../shared/dom.js";
import { badge } from "../shared/widgets.js";
import { milliseconds, plural } from "../shared/words.js";
import { since } from "./figures.js";
import { table } from "./live/sources.js";
import { changesWords } from "./steering/actions.js";
import { reason } from "./words.js";

const COLUMNS = ["When", "What", "Cause", "Outcome"];

/** @param {{stats: any, now: number, done: {at: number, title: string, tone: string, lines: string[]}[]}} known */
export function operationsTable({ stats, now, done }) {
  const { operations } = stats;
  if (!operations) return withoutHistory(stats, now, done);
  if (operations.length === 0) return el("p", { class: "soft" }, "None yet.");
  const rows = operations.map((operation) => (operation.kind === "warm" ? warmRow(operation, now) : invalidationRow(operation, now)));
  return table(
    `The last ${plural(operations.length, "operation")} of all isolates, newest first; 20 at most are kept.`,
    COLUMNS,
    new Set(),
    rows,
  );
}

function invalidationRow({ at_ms: at, cause, mode, provider, epoch, keys_deleted: keys }, now) {
  const what = `Clear ${provider ?? "everything"}, ${mode}`;
  const told = [
    epoch === null || epoch === undefined ? null : `epoch ${epoch}`,
    typeof keys === "number" ? `${plural(keys, "key")} deleted` : null,
  ];
  return row(at, now, what, cause, "ok", "cleared", told.filter(Boolean).join(", "));
}

function warmRow({ at_ms: at, cause, forced, providers, error, duration_ms: ms, changes }, now) {
  const what = `Warm ${providers ? providers.join(", ") : "the catalog"}${forced ? ", with force" : ""}`;
  const told = error ? reason(error) : [`in ${milliseconds(ms)}.`, changesWords(changes)].filter(Boolean).join(" ");
  return row(at, now, what, cause, error ? "bad" : "ok", error ? "failed" : "warmed", told);
}

function row(at, now, what, cause, tone, word, told) {
  return el(
    "tr",
    {},
    el("td", { class: "nowrap" }, since(at, now)),
    el("th", { scope: "row" }, what),
    el("td", {}, cause),
    el("td", {}, badge(tone, word), " ", el("span", { class: "small" }, told)),
  );
}

// A deployment that keeps no list of them: the last warm run is known, and what was done here.
function withoutHistory({ last_warm: warm }, now, done) {
  const rows = done.map(({ at, title, tone, lines }) =>
    row(at, now, title, "this page", tone, tone === "bad" ? "not done" : "done", lines.join(" ")),
  );
  if (warm) rows.push(warmRow({ ...warm, cause: "not told", forced: false, providers: null }, now));
  return [
    el(
      "p",
      { class: "soft" },
      "The list of operations is not available: this deployment does not keep one. What was done in this page, and the last warm run:",
    ),
    rows.length === 0 ? el("p", { class: "soft" }, "None.") : table("What is known without the list.", COLUMNS, new Set(), rows),
  ];
}
