// Up to five models or offers side by side. A model stands with its cheapest offer.
import { el } from "../../shared/dom.js";
import { dollars } from "../../shared/price.js";
import { badge, button } from "../../shared/widgets.js";
import { count, HEALTH, milliseconds } from "../../shared/words.js";
import { completionPrice, modalityWords, monthOf, promptPrice } from "../data/records.js";
import { COMPARED_MAX } from "../data/view.js";
import { capabilities, none, price } from "./columns.js";
import { makeMix } from "./mix.js";

/**
 * Makes what is in the panel of a comparison: `content(records, view)`.
 * @param {{change: (patch: object) => void, onCompare: (item: object) => void, onOpen: (name: string) => void}} on
 */
export function makeCompare(on) {
  const mix = makeMix(on.change);
  return {
    content(byName, view) {
      mix.show(view);
      const columns = view.compared.map((item) => columnOf(byName.get(item.name), item));
      if (columns.length === 0)
        return el(
          "p",
          { class: "soft" },
          `Choose up to ${COMPARED_MAX} models in the table, or offers in a model: by their boxes, or with the key x.`,
        );
      return [
        mix.node,
        el("div", { class: "scroll-x", tabIndex: 0, role: "region", "aria-label": "Side by side" }, table(columns, view, on)),
      ];
    },
  };
}

function columnOf(record, item) {
  const own = record?.offers.find(({ slug, nth }) => slug === item.slug && nth === item.nth);
  return { item, record, offer: item.slug === null ? record?.cheapest : own };
}

function table(columns, view, on) {
  const hasMonth = view.tokensIn !== null || view.tokensOut !== null;
  const rows = [
    [
      "Provider",
      ({ item, offer }) => (item.slug === null ? [offer.provider, el("span", { class: "soft" }, " (cheapest)")] : offer.provider),
    ],
    ["Input, $ per million", ({ offer }) => price(promptPrice(offer)), ({ offer }) => positive(offer.prompt)],
    ["Output, $ per million", ({ offer }) => price(completionPrice(offer)), ({ offer }) => positive(offer.completion)],
    hasMonth && ["Your month", ({ offer }) => costWords(monthOf(offer, view)), ({ offer }) => positive(monthOf(offer, view))],
    ["Answers in", ({ offer }) => (offer.latencyMs === null ? none() : milliseconds(offer.latencyMs)), ({ offer }) => offer.latencyMs],
    [
      "Context, tokens",
      ({ offer }) => (offer.context === null ? none() : count(offer.context)),
      ({ offer }) => (offer.context === null ? null : -offer.context),
    ],
    ["Health", ({ offer }) => badge(HEALTH[offer.health]?.tone ?? "mute", offer.health)],
    ["Capabilities", ({ offer }) => capabilities(offer.can)],
    ["Modality", ({ offer }) => (offer.modality === null ? none() : modalityWords(offer.modality))],
    ["Offers of the model", ({ record }) => count(record.offers.length)],
  ].filter(Boolean);
  return el(
    "table",
    { class: "plain compare-table" },
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        el("td", {}),
        columns.map((column) => head(column, on)),
      ),
    ),
    el(
      "tbody",
      {},
      rows.map(([label, words, measure]) => row(label, words, measure, columns)),
    ),
  );
}

function head({ item, record }, on) {
  const name = record ? button(item.name, () => on.onOpen(item.name), { class: "quiet name" }) : item.name;
  return el(
    "th",
    { scope: "col" },
    name,
    button("Remove", () => on.onCompare(item), { class: "quiet small", "aria-label": `Remove ${item.name}` }),
  );
}

function row(label, words, measure, columns) {
  const best = measure && bestOf(columns, measure);
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, label),
    columns.map((column) => {
      if (!column.offer) return el("td", {}, none("not in the catalog"));
      const isBest = best !== null && best !== undefined && isEqual(measure(column), best);
      return el("td", { class: isBest ? "is-best" : null }, words(column), isBest && el("span", { class: "best" }, " best"));
    }),
  );
}

// The least there is; none where only one has it, or all are alike.
function bestOf(columns, measure) {
  const values = columns
    .filter(({ offer }) => offer)
    .map(measure)
    .filter((value) => value !== null);
  if (values.length < 2) return null;
  const best = values.reduce((least, value) => (isLess(value, least) ? value : least));
  return values.every((value) => isEqual(value, best)) ? null : best;
}

const isLess = (a, b) => (typeof a === "number" ? a < b : a.lt(b));
const isEqual = (a, b) => a !== null && (typeof a === "number" ? a === b : a.eq(b));
// What is dynamic, or not known, is not the cheapest here.
const positive = (value) => (value?.gt(0) ? value : null);

function costWords(cost) {
  return cost ? dollars(cost) : none("no price");
}
