// The console once somebody is signed in: its parts, and writing them anew from what is known.
import { el, fill } from "../shared/dom.js";
import { morph } from "../shared/morph.js";
import { announce, badge, button } from "../shared/widgets.js";
import { ago, clock, duration, plural } from "../shared/words.js";
import { explainForm } from "./explain/form.js";
import { memoryTable, providerTable, sourceTable } from "./live/sources.js";
import { tierCards } from "./live/tiers.js";
import { faults } from "./live/verdict.js";
import { operationsTable } from "./operations.js";
import { PLANS } from "./savings/plans.js";
import { ownShare, planTable, plots, reasonTable, servedTable } from "./savings/view.js";
import { select, steeringForms } from "./steering/forms.js";

const EVERY = { 5: "every 5 s", 15: "every 15 s", 60: "every minute" };
const namesOf = (plans) => Object.fromEntries(Object.entries(plans).map(([id, { name }]) => [id, name]));

/**
 * Returns {node, write(known), start()}. `polling` is polling.js's; `done` hears of what was done, `signOut` of the button.
 * @param {{polling: any, known: () => any, done: (entry: any) => void, signOut: () => void}} of
 */
export function createBoard({ polling, known, done, signOut }) {
  const parts = Object.fromEntries(
    ["status", "tiers", "sources", "providers", "memory", "served", "plots", "plans", "own", "reasons", "operations"].map((name) => [
      name,
      el("div", { dataset: { part: name } }),
    ]),
  );
  const chosen = { upstash: fromAddress("upstash", PLANS.upstash, "free"), workers: fromAddress("workers", PLANS.workers, "free") };
  const steering = steeringForms({ latest: () => known().stats, done });
  const explain = explainForm();
  const write = (now) => writeParts(parts, now, { polling, chosen, steering });
  const planChoice = (vendor, label) =>
    choice(`plan-${vendor}`, label, namesOf(PLANS[vendor]), chosen[vendor], (id) => {
      chosen[vendor] = toAddress(vendor, id);
      write(known());
    });
  const node = el(
    "div",
    { class: "board" },
    toolbar(polling, signOut),
    parts.status,
    contents(),
    section(
      "tiers",
      "Live tiers",
      "Of the isolate that answers; counts are of all isolates. The next look may be answered by another isolate.",
      parts.tiers,
    ),
    section(
      "sources",
      "Sources and memory",
      "In sync: this isolate's memory has what is published, by hash and epoch.",
      parts.sources,
      folded("Providers' catalogs", parts.providers),
      folded("What is in this isolate's memory", parts.memory),
    ),
    section(
      "savings",
      "What it saves",
      "Other isolates add what they counted every ten minutes.",
      parts.served,
      parts.plots,
      folded("Stale serves and refusals by reason", parts.reasons),
    ),
    section(
      "costs",
      "What it costs",
      "Prices and limits as of November 2026; the vendors' pages decide.",
      el("div", { class: "row" }, planChoice("upstash", "Upstash plan"), planChoice("workers", "Workers and KV plan")),
      parts.plans,
      parts.own,
    ),
    section("steering", "Steering", "Each says before what it will do, and after what it did.", steering.node),
    section("history", "Invalidations and warm runs", null, parts.operations),
    section(
      "explain",
      "Explain this URL",
      "A request of the API as it would be walked now. The address of this page holds it, without the token.",
      explain.node,
    ),
  );
  return { node, write, start: explain.start };
}

const SECTIONS = {
  tiers: "Tiers",
  sources: "Sources",
  savings: "Savings",
  costs: "Costs",
  steering: "Steering",
  history: "History",
  explain: "Explain",
};

const contents = () =>
  el(
    "nav",
    { class: "contents", "aria-label": "Sections" },
    Object.entries(SECTIONS).map(([id, name]) => el("a", { href: `#${id}` }, name)),
  );

function section(id, title, words, ...children) {
  return el(
    "section",
    { id, "aria-labelledby": `${id}-title` },
    el("h2", { id: `${id}-title` }, title),
    words && el("p", { class: "soft small" }, words),
    children,
  );
}

const folded = (title, part) => el("details", {}, el("summary", {}, title), part);

function toolbar(polling, signOut) {
  const pause = button("Pause", () => {
    polling.pause(!polling.state.paused);
    fill(pause, polling.state.paused ? "Resume" : "Pause");
    announce(polling.state.paused ? "Paused" : "Looking again");
  });
  const every = choice("every", "Look", EVERY, String(polling.state.everyMs / 1_000), (secs) =>
    polling.every(Number(toAddress("every", secs)) * 1_000),
  );
  return el(
    "div",
    { class: "toolbar", role: "group", "aria-label": "Looking" },
    every,
    button("Look now", polling.now),
    pause,
    button("Sign out", signOut),
  );
}

function choice(id, label, options, value, chosen) {
  const input = select(id, options);
  input.value = value;
  input.addEventListener("change", () => chosen(input.value));
  return el("div", { class: "field inline" }, el("label", { for: id }, label), input);
}

/** What the page's address says, if it is one of `options`. */
export function fromAddress(name, options, usual) {
  const value = new URL(location.href).searchParams.get(name);
  return value !== null && Object.hasOwn(options, value) ? value : usual;
}

function toAddress(name, value) {
  const url = new URL(location.href);
  url.searchParams.set(name, value);
  history.replaceState(null, "", url);
  return value;
}

export const everyFromAddress = () => Number(fromAddress("every", EVERY, "5")) * 1_000;

function writeParts(parts, known, { polling, chosen, steering }) {
  morph(parts.status, status(known, polling.state));
  if (!known.stats) return;
  steering.update(known.stats);
  morph(parts.tiers, tierCards(known));
  morph(parts.sources, sourceTable(known));
  morph(parts.providers, providerTable(known));
  morph(parts.memory, memoryTable(known));
  morph(parts.served, servedTable(known));
  morph(parts.plots, plots(known));
  morph(parts.plans, planTable(known, chosen));
  morph(parts.own, ownShare(polling.state.everyMs));
  morph(parts.reasons, reasonTable(known));
  morph(parts.operations, operationsTable(known));
}

function status(known, { paused, hidden, waitsUntil }) {
  const { stats, fault, now, seenAt } = known;
  const looks = [
    paused && "Paused.",
    hidden && "Not looking while the tab is hidden.",
    waitsUntil !== null && waitsUntil > now && `Waits until ${clock(waitsUntil)}, as the API asks.`,
  ].filter(Boolean);
  const age =
    seenAt !== null && el("span", { class: "soft small" }, `Figures of ${clock(seenAt)}, ${ago(seenAt, now)}. ${looks.join(" ")}`);
  return [fault && faultNotice(known), stats ? verdict(known, age) : !fault && el("p", { class: "soft" }, "Asking for the first figures.")];
}

function faultNotice({ fault, stats, seenAt, now }) {
  const kept = stats
    ? `What stands below was seen at ${clock(seenAt)}, ${duration((now - seenAt) / 1_000)} ago, and may be wrong by now.`
    : "There are no figures yet.";
  return el(
    "div",
    { class: "notice bad" },
    el("p", {}, badge("bad", "no new figures"), " ", el("strong", {}, fault.words)),
    el("p", {}, `Since ${clock(fault.since)}. ${kept}`),
  );
}

function verdict(known, age) {
  const found = faults(known);
  const worst = found.length === 0 ? "ok" : found[0].tone;
  const [tone, words] = known.fault
    ? ["mute", "last known"]
    : [worst, { ok: "as it should be", warn: "to look at", bad: "something is wrong" }[worst]];
  return el(
    "div",
    { class: "panel overall", dataset: { tone } },
    el(
      "p",
      {},
      badge(tone, words),
      " ",
      found.length === 0 ? "Every tier answers, and nothing is paused or left alone." : `${plural(found.length, "thing")}:`,
    ),
    found.length > 0 &&
      el(
        "ul",
        {},
        found.map(({ tone, text }) => el("li", {}, badge(tone, tone === "bad" ? "wrong" : "look"), " ", text)),
      ),
    age,
  );
}
