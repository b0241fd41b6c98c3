// The columns of the table, and what stands in them.
import { el } from "../../shared/dom.js";
import { dollars } from "../../shared/price.js";
import { badge } from "../../shared/widgets.js";
import { count, milliseconds, tokens } from "../../shared/words.js";
import { CAPABILITY_WORDS, cheapestMonth, completionPrice, healthOf, promptPrice } from "../data/records.js";
import { writeView } from "../data/view.js";

/** `first` is the direction in which a column is sorted at first. */
export const COLUMNS = [
  { name: "pick", label: "Compare" },
  { name: "name", sort: "name", label: "Model", first: "asc" },
  { name: "offers", sort: "provider_count", label: "Offers", title: "How many offers there are", numeric: true, first: "desc" },
  {
    name: "cheapest",
    sort: "cheapest_provider",
    label: "Cheapest",
    title: "The provider with the least price of input tokens",
    first: "asc",
  },
  {
    name: "fastest",
    sort: "response_time",
    label: "Fastest",
    title: "The provider that answers first, and its average time",
    first: "asc",
  },
  {
    name: "in",
    sort: "cheapest_price",
    label: "Input price per million tokens",
    short: "In $/M",
    title: "USD per million input tokens, of the cheapest offer",
    numeric: true,
    first: "asc",
  },
  {
    name: "out",
    sort: "output_price",
    label: "Output price per million tokens",
    short: "Out $/M",
    title: "USD per million output tokens, of the same offer",
    numeric: true,
    first: "asc",
  },
  {
    name: "cost",
    sort: "month",
    label: "Your month",
    title: "What your tokens cost in a month with the cheapest provider for them",
    numeric: true,
    first: "asc",
  },
  { name: "context", sort: "context", label: "Context", title: "Tokens, of the offer that takes the most", numeric: true, first: "desc" },
  { name: "can", sort: "capabilities", label: "Capabilities", title: "What at least one offer can do", first: "desc" },
  { name: "health", sort: "health", label: "Health", first: "desc" },
];

/** The cells of a record's row. */
export function cellsOf(record, view, { isCompared, isActive }) {
  const tabindex = isActive ? 0 : -1;
  const { name, id, offers, cheapest, fastest, context } = record;
  const pick = el("input", { type: "checkbox", checked: isCompared, tabIndex: tabindex, "aria-label": `Compare ${name}` });
  const link = el("a", { href: writeView({ ...view, model: name }) || "/", tabIndex: tabindex, title: name }, name);
  const hasMonth = view.tokensIn !== null || view.tokensOut !== null;
  return [
    cell("pick", el("label", {}, pick)),
    el("th", { role: "rowheader", scope: "row", class: "cell name" }, link, el("span", { class: "id", title: id }, id)),
    cell("offers number", count(offers.length), el("span", { class: "unit" }, offers.length === 1 ? " offer" : " offers")),
    cell("cheapest", cheapest ? el("span", { class: "cut", title: cheapest.provider }, cheapest.provider) : none()),
    cell(
      "fastest",
      fastest
        ? [
            el("span", { class: "cut", title: fastest.provider }, fastest.provider),
            el("span", { class: "soft ms" }, milliseconds(fastest.latencyMs)),
          ]
        : none(),
    ),
    cell("in number", price(cheapest && promptPrice(cheapest), "in"), paidInstead(record, promptPrice)),
    cell("out number", price(cheapest && completionPrice(cheapest), "out"), paidInstead(record, completionPrice)),
    hasMonth && cell("cost number", month(record, view), el("span", { class: "unit" }, " a month")),
    cell(
      "context number",
      el("span", { title: context === null ? "not known" : `${count(context)} tokens` }, tokens(context)),
      el("span", { class: "unit" }, " tokens"),
    ),
    cell("can", capabilities(record.can)),
    cell("health", healthBadge(record)),
  ];
}

/** Capabilities as words. */
export function capabilities(can) {
  if (can.length === 0) return none();
  return el(
    "span",
    { class: "can-words" },
    can.map((capability) => el("span", { class: capability }, CAPABILITY_WORDS[capability])),
  );
}

/** A price as it is shown everywhere: exact, or the word for what is no price. */
export function price(shown, unit) {
  if (!shown) return none();
  return el("span", { class: `price ${shown.kind}`, title: shown.title }, shown.text, unit && el("span", { class: "unit" }, ` ${unit}`));
}

// Beside a price that is none, the least that is one.
function paidInstead({ cheapest, paid }, priceOf) {
  if (!paid || cheapest?.prompt.gt(0)) return null;
  return el("span", { class: "paid", title: `The cheapest offer with a price: ${paid.provider}` }, `or ${priceOf(paid).text}`);
}

/** Nothing, in a way that is read aloud. */
export function none(words = "not known") {
  return [el("span", { class: "soft", "aria-hidden": "true" }, "–"), el("span", { class: "visually-hidden" }, words)];
}

function month(record, view) {
  const best = cheapestMonth(record, view);
  const paid = best?.cost.eq(0) && cheapestMonth(record, view, { isPaid: true });
  return [
    el(
      "span",
      { class: best?.cost.eq(0) ? "month price free" : "month", title: best && `with ${best.offer.provider}` },
      best ? dollars(best.cost) : none("no price"),
    ),
    paid && el("span", { class: "paid", title: `The cheapest with a price: ${paid.offer.provider}` }, `or ${dollars(paid.cost)}`),
  ];
}

function healthBadge(record) {
  const { tone, text } = healthOf(record);
  return badge(tone, text);
}

function cell(name, ...children) {
  return el("td", { role: "gridcell", class: `cell ${name}` }, children);
}
