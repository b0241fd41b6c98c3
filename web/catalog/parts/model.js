// A model opened: every offer with prices, latency, health and context, what your mix costs with each, what changed, and its request.
import { el, fill } from "../../shared/dom.js";
import { decimal, dollars } from "../../shared/price.js";
import { badge, button } from "../../shared/widgets.js";
import { count, HEALTH, milliseconds, plural } from "../../shared/words.js";
import { readChanges } from "../data/changes.js";
import { cheapestMonth, completionPrice, modalityWords, monthOf, promptPrice } from "../data/records.js";
import { modelRequest } from "../data/request.js";
import { offerPasses } from "../data/select.js";
import { isFiltered, isSame } from "../data/view.js";
import { makeAsked } from "./asked.js";
import { capabilities, none, price } from "./columns.js";
import { modelHistory } from "./history.js";
import { makeMix } from "./mix.js";

/**
 * Makes what is in the panel of a model. `content(record, view)` is that of another one, or what is there with other figures.
 * @param {{change: (patch: object) => void, onCompare: (item: object) => void}} on
 */
export function makeModel(on) {
  const mix = makeMix(on.change);
  const asked = makeAsked({ copyKey: "c" });
  const facts = el("div", { class: "model-facts" });
  const offers = el("div", { class: "scroll-x", tabIndex: 0, role: "region", "aria-label": "Offers" });
  const history = el("section", { class: "section", "aria-label": "What changed lately" });
  const node = [
    facts,
    el("section", { class: "section", "aria-label": "Price for your mix" }, el("h3", {}, "Your mix"), mix.node),
    el("section", { class: "section" }, offers),
    history,
    el("section", { class: "section", "aria-label": "The API under this" }, el("h3", {}, "The request behind this"), asked.node),
  ];
  let shown = null;

  return {
    asked,
    content(record, view) {
      const isOther = shown?.record !== record;
      shown = { record };
      mix.show(view);
      fill(facts, factsOf(record, view, on));
      fill(offers, offerTable(record, view, on));
      if (isOther) {
        asked.show({ path: modelRequest(record.name, view.inactive) });
        asked.answer();
        showHistory(history, record, view, () => shown?.record === record);
      }
      return node;
    },
    forget: () => (shown = null),
  };
}

async function showHistory(section, record, view, isStill) {
  const title = el("h3", {}, "What changed lately");
  fill(section, title, el("p", { class: "soft" }, "Reading the changes …"));
  try {
    const entries = await readChanges(view);
    if (isStill()) fill(section, title, modelHistory(entries, record));
  } catch (problem) {
    if (isStill())
      fill(
        section,
        title,
        el("p", {}, badge("warn", "not available"), ` ${problem.message}`),
        button("Try again", () => showHistory(section, record, view, isStill)),
      );
  }
}

function factsOf(record, view, on) {
  const item = { name: record.name, slug: null, nth: 0 };
  const isCompared = view.compared.some((other) => isSame(other, item));
  const { cheapest, fastest } = record;
  const descriptions = [...new Set(record.offers.map(({ offer }) => offer.description).filter(Boolean))];
  return [
    el(
      "p",
      { class: "soft" },
      el("code", {}, record.id),
      ` · ${plural(record.offers.length, "offer")}`,
      cheapest && ` · cheapest with ${cheapest.provider}`,
      fastest && ` · fastest with ${fastest.provider}, ${milliseconds(fastest.latencyMs)}`,
    ),
    descriptions.length > 0 && el("p", {}, descriptions[0]),
    button(isCompared ? "Do not compare" : "Compare this model", () => on.onCompare(item), { "aria-pressed": String(isCompared) }),
  ];
}

function offerTable(record, view, on) {
  const hasMonth = view.tokensIn !== null || view.tokensOut !== null;
  const hasExtra = record.offers.some(({ offer }) =>
    ["image", "request"].some((field) => decimal(offer.pricing?.[field])?.eq(0) === false),
  );
  const heads = [
    "Provider",
    "In $/M",
    "Out $/M",
    hasMonth && "Your month",
    hasExtra && "Image, request",
    "Answers in",
    "Context",
    "Health",
    "Capabilities",
    "Modality",
  ];
  const numeric = ["In $/M", "Out $/M", "Your month", "Answers in", "Context"];
  const least = hasMonth ? cheapestMonth(record, view)?.cost : null;
  const paid = hasMonth && least?.eq(0) ? cheapestMonth(record, view, { isPaid: true })?.cost : null;
  return el(
    "table",
    { class: "plain offers-table" },
    el(
      "caption",
      {},
      isFiltered(view) ? "Offers, the cheapest first; those that meet the filters are marked" : "Offers, the cheapest first",
    ),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        el("td", {}, el("span", { class: "visually-hidden" }, "Compare")),
        heads.filter(Boolean).map((head) => el("th", { scope: "col", class: numeric.includes(head) && "number" }, head)),
      ),
    ),
    el(
      "tbody",
      {},
      record.offers.map((offer) => offerRow(record, offer, view, on, { hasMonth, hasExtra, least, paid })),
    ),
  );
}

function offerRow(record, offer, view, on, { hasMonth, hasExtra, least, paid }) {
  const item = { name: record.name, slug: offer.slug, nth: offer.nth };
  const isCompared = view.compared.some((other) => isSame(other, item));
  const month = hasMonth && monthOf(offer, view);
  const { tone, text } = HEALTH[offer.health] ?? { tone: "mute", text: offer.health };
  const passes = isFiltered(view) && offerPasses(offer, view);
  const { image, request } = offer.offer.pricing ?? {};
  return el(
    "tr",
    { class: passes ? "passes" : null },
    el(
      "td",
      {},
      el(
        "label",
        { class: "box" },
        el("input", {
          type: "checkbox",
          checked: isCompared,
          "aria-label": `Compare the offer of ${offer.provider}`,
          onchange: () => on.onCompare(item),
        }),
      ),
    ),
    el(
      "th",
      { scope: "row" },
      offer.provider,
      paid && month?.eq(paid) && paidMark(),
      passes && el("span", { class: "visually-hidden" }, " (meets the filters)"),
    ),
    el("td", { class: "number" }, price(promptPrice(offer))),
    el("td", { class: "number" }, price(completionPrice(offer))),
    hasMonth &&
      el(
        "td",
        { class: "number" },
        month ? [dollars(month), least?.eq(month) && el("span", { class: "best" }, " lowest")] : none("no price"),
      ),
    hasExtra && el("td", {}, [image, request].map((text) => text ?? "–").join(", ")),
    el("td", { class: "number" }, offer.latencyMs === null ? none() : milliseconds(offer.latencyMs)),
    el("td", { class: "number" }, offer.context === null ? none() : count(offer.context)),
    el("td", {}, badge(tone, text)),
    el("td", {}, capabilities(offer.can)),
    el("td", { class: "nowrap" }, offer.modality === null ? none() : modalityWords(offer.modality)),
  );
}

// Where the lowest is nothing, which also stands for what is not known.
function paidMark() {
  return el("span", { class: "best", title: "The lowest that is more than 0, which also stands for what is not known" }, " lowest price");
}
