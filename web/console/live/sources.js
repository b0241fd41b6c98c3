// What is published of each source, and what the answering isolate has in memory.
import { el } from "../../shared/dom.js";
import { badge } from "../../shared/widgets.js";
import { ago, duration, plural } from "../../shared/words.js";
import { exact, moment } from "../figures.js";
import { sourceWords } from "../words.js";
import { backoffOf, heldOf, isNotable, leaseOf, sourceOfKey, sourceVerdict } from "./standing.js";

const COLUMNS = ["Source", "State", "Hash", "Epoch", "Read", "Models", "Bytes", "In memory", "Lease", "Back-off"];
const NUMBERS = new Set(["Models", "Bytes"]);

/** The catalog's sources, and every other one that is worked at or wrong. */
export function sourceTable(known) {
  const names = Object.keys(known.stats.sources).filter((name) => !isQuietProvider(name, known));
  return table(
    "Published in Redis, beside this isolate's memory.",
    COLUMNS,
    NUMBERS,
    names.map((name) => sourceRow(name, known)),
  );
}

const isProvider = (name) => name.startsWith("provider:");

function isQuietProvider(name, known) {
  return isProvider(name) && sourceVerdict(name, known).tone !== "bad" && !leaseOf(name, known) && !backoffOf(name, known);
}

/** The providers of whose catalogs there is something to say; of the others only how many they are. */
export function providerTable(known) {
  const names = Object.keys(known.stats.sources).filter(isProvider);
  const shown = names.filter((name) => isNotable(name, known.stats));
  const others = plural(names.length - shown.length, "provider");
  const caption = `Providers' catalogs. ${others} more: nothing of them is published, held or failing.`;
  return shown.length === 0
    ? el("p", { class: "soft" }, caption)
    : table(
        caption,
        COLUMNS,
        NUMBERS,
        shown.map((name) => sourceRow(name, known)),
      );
}

function sourceRow(name, known) {
  const { version } = known.stats.sources[name];
  const { tone, word, why } = sourceVerdict(name, known);
  const held = heldOf(name, known.stats);
  return el(
    "tr",
    { dataset: { source: name, tone } },
    el("th", { scope: "row" }, name, el("span", { class: "soft small block" }, sourceWords(name))),
    el("td", { class: "state" }, badge(tone, word), why && el("span", { class: "soft small block" }, why)),
    el("td", { class: "mono" }, version && version.place !== "nowhere" ? version.hash : "–"),
    el("td", { class: "mono" }, version ? String(version.epoch ?? "–") : "–"),
    el(
      "td",
      { class: "nowrap" },
      version ? [moment(version.at), el("span", { class: "soft small block" }, freshness(version, known.now))] : "–",
    ),
    el("td", { class: "number" }, exact(version?.n)),
    el("td", { class: "number" }, exact(version?.bytes)),
    el(
      "td",
      { class: "nowrap" },
      held ? [el("span", { class: "mono" }, held.hash), el("span", { class: "soft small block" }, `epoch ${held.epoch ?? "–"}`)] : "–",
    ),
    el("td", {}, leaseCell(name, known)),
    el("td", {}, backoffCell(name, known)),
  );
}

function freshness({ at, ttl }, now) {
  const left = at + ttl - now;
  return `${ago(at, now)}, ${left > 0 ? `fresh for ${duration(left / 1_000)}` : `stale for ${duration(-left / 1_000)}`}`;
}

function leaseCell(name, known) {
  const lease = leaseOf(name, known);
  if (!known.stats.redis_available) return "–";
  if (!lease) return "nobody";
  const holder = lease.holder ? el("span", { class: "mono" }, lease.holder) : "not known who";
  if (lease.never) return [holder, el("span", { class: "small block" }, "never expires: overdue")];
  return [holder, lease.until !== null && el("span", { class: "soft small block" }, "until ", moment(lease.until))];
}

function backoffCell(name, known) {
  const backoff = backoffOf(name, known);
  if (!backoff) return "none";
  return [
    `${plural(backoff.failures ?? 0, "failure")}, until `,
    moment(backoff.until),
    el("span", { class: "soft small block" }, `of ${backoff.whose}`),
  ];
}

/** What memory holds, thing by thing. */
export function memoryTable(known) {
  const { variants } = known.stats.isolate;
  if (variants.length === 0) return el("p", { class: "soft" }, "Nothing is in memory: the next request fills it.");
  const columns = ["Key", "Kind", "Models", "Bytes", "Age", "Fresh for", "Hash", "Epoch", "As published"];
  return table(
    "Everything that the answering isolate has in memory.",
    columns,
    new Set(["Models", "Bytes", "Age", "Fresh for"]),
    variants.map((held) => heldRow(held, known)),
  );
}

function heldRow(held, known) {
  const source = sourceOfKey(held.key);
  const verdict = source !== undefined && known.stats.sources[source] ? sourceVerdict(source, known) : undefined;
  return el(
    "tr",
    {},
    el("th", { scope: "row", class: "mono" }, held.key),
    el("td", {}, held.kind),
    el("td", { class: "number" }, exact(held.count)),
    el("td", { class: "number" }, exact(held.bytes)),
    el("td", { class: "number" }, exact(held.age, "s")),
    el("td", { class: "number" }, exact(held.ttl, "s")),
    el("td", { class: "mono" }, held.hash),
    el("td", { class: "mono" }, String(held.epoch ?? "–")),
    el("td", {}, verdict ? badge(verdict.tone, verdict.word) : "a listing of its own"),
  );
}

/** A table that can be scrolled with the keyboard where it is wider than the page. */
export function table(caption, columns, numbers, rows) {
  const head = columns.map((column) => el("th", { scope: "col", class: numbers.has(column) ? "number" : null }, column));
  return el(
    "div",
    { class: "scroll-x", tabindex: "0", role: "region", "aria-label": caption },
    el("table", { class: "plain" }, el("caption", {}, caption), el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows)),
  );
}
