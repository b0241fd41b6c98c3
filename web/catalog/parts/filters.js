// The filters: facets with counts, and bounds. Boxes are made once and kept, so that a focus stays where it is while counts change.
import { el, fill } from "../../shared/dom.js";
import { decimal, plain, shifted } from "../../shared/price.js";
import { button } from "../../shared/widgets.js";
import { count, HEALTH, tokens } from "../../shared/words.js";
import { CAPABILITY_WORDS, modalityWords } from "../data/records.js";
import { CAPABILITIES, isFiltered, unfiltered, VALUES_MAX } from "../data/view.js";

const CONTEXTS = [8_000, 32_000, 128_000, 200_000, 1_000_000];
const OFFERS = [2, 3, 5, 10];
const LISTED_AT_FIRST = 8;

/**
 * Makes the filters. `show(view, facets, records)` shows what is chosen and counted.
 * @param {(patch: object) => void} change hears of what is chosen
 */
export function makeFilters(change) {
  const state = { view: null };
  const groups = [
    group("Provider", "providers", state, change),
    group("Capability", "capabilities", state, change, CAPABILITIES),
    group("Modality", "modalities", state, change),
    group("Health", "healths", state, change, Object.keys(HEALTH)),
  ];
  const bounds = makeBounds(change);
  const clear = button("Clear filters", () => change(unfiltered(state.view)), { class: "quiet" });
  const node = el(
    "div",
    { class: "filters" },
    el("div", { class: "filters-head" }, el("h2", {}, "Filters"), clear),
    groups[0].node,
    groups[1].node,
    bounds.node,
    groups[2].node,
    groups[3].node,
  );
  return {
    node,
    show(view, facets, known) {
      state.view = view;
      clear.hidden = !isFiltered(view);
      for (const one of groups) one.show(view, facets, known);
      bounds.show(view);
    },
  };
}

function group(title, member, state, change, fixed) {
  const boxes = new Map();
  const list = el("ul", { class: "facet-list" });
  let isWhole = false;
  const more = button(
    "",
    () => {
      isWhole = !isWhole;
      arrange();
    },
    { class: "quiet more" },
  );
  const node = el("fieldset", { class: "facet" }, el("legend", {}, title), list, more);
  let last = null;

  function toggle(value, isChosen) {
    const others = state.view[member].filter((other) => other !== value);
    change({ [member]: isChosen ? [...others, value].slice(-VALUES_MAX) : others });
  }

  function boxOf(value, label) {
    const input = el("input", { type: "checkbox", value, onchange: () => toggle(value, input.checked) });
    const counted = el("span", { class: "facet-count" });
    const name = el("span", { class: "facet-name", title: label }, label);
    return { input, name, counted, item: el("li", {}, el("label", {}, input, name, counted)), label };
  }

  // The first few, and whatever is chosen.
  function arrange() {
    const { view, values } = last;
    values.forEach((value, at) => {
      boxes.get(value).item.hidden = !isWhole && at >= LISTED_AT_FIRST && !view[member].includes(value);
    });
    more.hidden = values.length <= LISTED_AT_FIRST;
    more.setAttribute("aria-expanded", String(isWhole));
    fill(more, isWhole ? "Show fewer" : `Show all ${values.length}`);
  }

  return {
    node,
    show(view, facets, known) {
      const values = [...new Set([...(fixed ?? known[member].keys()), ...view[member]])];
      for (const value of values) {
        const label = labelOf(member, value, known);
        // What an address chooses has no name before the catalog is there.
        if (boxes.get(value)?.label !== label) boxes.set(value, boxOf(value, label));
      }
      const items = values.map((value) => boxes.get(value).item);
      if (items.length !== list.children.length || items.some((item, at) => item !== list.children[at])) fill(list, items);
      for (const value of values) {
        const { input, counted, item } = boxes.get(value);
        const found = facets[member].get(value) ?? 0;
        input.checked = view[member].includes(value);
        fill(counted, count(found));
        item.classList.toggle("none", found === 0);
      }
      last = { view, values };
      arrange();
    },
  };
}

function labelOf(member, value, known) {
  if (member === "capabilities") return CAPABILITY_WORDS[value];
  if (member === "modalities") return modalityWords(value);
  return member === "providers" ? (known.providers.get(value) ?? value) : value;
}

// Bounds: a number of tokens, a price per million, a number of offers.
function makeBounds(change) {
  const context = select(
    "Context, at least",
    "any",
    CONTEXTS,
    (number) => `${tokens(number)} tokens`,
    (minContext) => change({ minContext }),
  );
  const offers = select("Offers, at least", "any", OFFERS, String, (minProviders) => change({ minProviders }));
  const price = el("input", {
    type: "text",
    inputmode: "decimal",
    autocomplete: "off",
    placeholder: "any",
    "aria-describedby": "price-hint",
    onchange: () => readPrice(),
  });
  const hint = el("span", { id: "price-hint", class: "visually-hidden" }, "US dollars per million input tokens, of one offer");
  const inactive = el("input", { type: "checkbox", onchange: () => change({ inactive: inactive.checked }) });

  function readPrice() {
    const text = price.value.replace(/[$,\s]/g, "");
    const perMillion = text === "" ? null : decimal(text);
    const isWrong = text !== "" && (!perMillion || perMillion.lt(0));
    price.setAttribute("aria-invalid", String(isWrong));
    // The API's bound is a price per token: the same digits, six places on.
    if (!isWrong) change({ maxPrice: perMillion && shifted(perMillion, -6).toFixed() });
  }

  return {
    node: el(
      "div",
      { class: "bounds" },
      context.node,
      el("label", { class: "field" }, el("span", {}, "Input price, at most ($/M)"), price, hint),
      offers.node,
      el("label", { class: "check" }, inactive, "With offers that are switched off"),
    ),
    show(view) {
      context.show(view.minContext);
      offers.show(view.minProviders);
      inactive.checked = view.inactive;
      if (document.activeElement !== price || view.maxPrice === null)
        price.value = view.maxPrice === null ? "" : plain(shifted(decimal(view.maxPrice), 6));
    },
  };
}

function select(label, empty, numbers, words, change) {
  const node = el("select", { onchange: () => change(node.value === "" ? null : Number(node.value)) });
  const options = (all) =>
    fill(
      node,
      el("option", { value: "" }, empty),
      all.map((number) => el("option", { value: number }, words(number))),
    );
  options(numbers);
  return {
    node: el("label", { class: "field" }, el("span", {}, label), node),
    show(number) {
      // An address may ask for a number that is not offered here.
      if (number !== null && ![...node.options].some(({ value }) => value === String(number)))
        options([...numbers, number].sort((a, b) => a - b));
      node.value = number === null ? "" : String(number);
    },
  };
}
