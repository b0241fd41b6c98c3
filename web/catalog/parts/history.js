// What changed lately: of one model, as plots of its prices and in words; of the catalog, version by version.
import { el } from "../../shared/dom.js";
import { perMillion, priceOf } from "../../shared/price.js";
import { plot } from "../../shared/plot.js";
import { ago, clock, count, plural } from "../../shared/words.js";
import { changesOf, priceHistory } from "../data/changes.js";
import { writeView } from "../data/view.js";

const FIELDS = { prompt: "in", completion: "out", image: "image", request: "request" };
const KINDS = {
  added: { tone: "ok", text: "added" },
  changed: { tone: "accent", text: "changed" },
  deleted: { tone: "bad", text: "removed" },
};
const SHOWN = 60;

/** What happened to a record lately. */
export function modelHistory(entries, record) {
  const changes = changesOf(entries, record.name);
  if (changes.length === 0) {
    const oldest = entries.at(-1);
    return el("p", { class: "soft" }, oldest ? `Nothing since ${clock(oldest.at_ms)}, when what is known begins.` : "Nothing is known.");
  }
  return [
    el(
      "div",
      { class: "plots" },
      record.offers.filter(({ nth }) => nth === 0).map((offer) => pricePlot(changes, offer)),
    ),
    el(
      "ul",
      { class: "changes" },
      changes.slice(0, SHOWN).map(({ atMs, change }) => el("li", {}, when(atMs), " ", changeWords(change))),
    ),
  ];
}

// A plot of an offer whose price moved: dollars per million tokens, which are floats for their place on the plot alone.
function pricePlot(changes, { slug, provider, offer }) {
  const series = [
    { field: "prompt", name: "in", tone: "accent" },
    { field: "completion", name: "out", tone: "second" },
  ].map((one) => ({ ...one, steps: priceHistory(changes, slug, one.field, offer.pricing[one.field]) }));
  const moved = series.filter(({ steps }) => steps.length > 0);
  if (moved.length === 0) return null;
  const prices = moved.flatMap(({ steps }) => steps.map(({ text }) => perMillion(text)).filter(Boolean));
  const top = prices.reduce((most, price) => (price.gt(most) ? price : most), prices[0]);
  const words = moved
    .map(
      ({ name, steps }) =>
        `${name}: ${steps
          .slice(0, -1)
          .map(({ text }) => priceOf(text).text)
          .join(", then ")}`,
    )
    .join("; ");
  return el(
    "figure",
    {},
    el(
      "figcaption",
      {},
      provider,
      moved.map(({ name, tone }) => el("span", { class: `plot-key tone-${tone}` }, `$/M ${name}`)),
    ),
    plot({
      label: `${provider}, USD per million tokens, ${words}`,
      steps: true,
      yTicks: top && [
        [0, "0"],
        [Number(top), priceOf(top.times("1e-6").toFixed()).text],
      ],
      xWords: (atMs) => clock(atMs),
      series: moved.map(({ name, tone, steps }) => ({ name, tone, points: steps.map(({ atMs, text }) => [atMs, numberOf(text)]) })),
    }),
  );
}

/** The whole catalog's changes, newest first. */
export function catalogHistory(entries, view) {
  if (entries.length === 0) return el("p", { class: "soft" }, "Nothing was published yet.");
  return el(
    "ol",
    { class: "versions" },
    entries.map((entry) => el("li", {}, versionHead(entry), versionChanges(entry, view))),
  );
}

function versionHead({ version, at_ms: atMs, reset, summary }) {
  const words = reset || !summary ? "published whole: what changed is not known" : summaryWords(summary);
  return el("h3", {}, when(atMs), " ", words, " ", el("code", { class: "soft", title: "The version" }, version));
}

function summaryWords({ added, changed, deleted, unchanged }) {
  const parts = [added && `${count(added)} added`, changed && `${count(changed)} changed`, deleted && `${count(deleted)} removed`].filter(
    Boolean,
  );
  return parts.length > 0 ? `${parts.join(", ")} of ${plural(added + changed + unchanged, "model")}` : "only the order is another one";
}

function versionChanges({ changes }, view) {
  if (changes.length === 0) return null;
  return [
    el(
      "ul",
      { class: "changes" },
      changes.slice(0, SHOWN).map((change) => el("li", {}, modelLink(change, view), " ", changeWords(change))),
    ),
    changes.length > SHOWN &&
      el("p", { class: "soft small" }, `and ${plural(changes.length - SHOWN, "model")} more: GET /v1/models/unique/changes`),
  ];
}

function modelLink({ name, type }, view) {
  if (type === "deleted") return el("strong", {}, name);
  return el("a", { href: writeView({ ...view, model: name, showsChanges: false }), dataset: { model: name } }, name);
}

function changeWords(change) {
  const { tone, text } = KINDS[change.type] ?? { tone: "mute", text: change.type };
  const prices = change.prices ?? [];
  return [
    el("span", { class: `badge ${tone}` }, text),
    prices.map(({ provider, field, old, new: now }) =>
      el(
        "span",
        { class: "price-change" },
        ` ${provider}, ${FIELDS[field] ?? field}: `,
        el("s", {}, perUnit(field, old)),
        ` → `,
        el("strong", {}, perUnit(field, now)),
      ),
    ),
    prices.length === 0 && change.type === "changed" && el("span", { class: "soft" }, ` ${patchWords(change.patch ?? [])}`),
    change.type !== "changed" && el("span", { class: "soft" }, ` ${change.providers.join(", ")}`),
  ];
}

// Prices of tokens are shown per million, others as they are.
function perUnit(field, text) {
  return ["prompt", "completion"].includes(field) ? priceOf(text).text : text;
}

function patchWords(patch) {
  const fields = new Set(
    patch.map(({ path }) =>
      path
        .split("/")
        .filter((part) => !/^\d+$/.test(part))
        .at(-1),
    ),
  );
  return [...fields].slice(0, 6).join(", ").replaceAll("_", " ");
}

function when(atMs) {
  return el("time", { datetime: new Date(atMs).toISOString(), title: new Date(atMs).toISOString() }, ago(atMs));
}

function numberOf(text) {
  const price = perMillion(text);
  return price ? Number(price) : null;
}
