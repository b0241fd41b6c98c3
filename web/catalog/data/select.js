// Which records a view shows, in which order, and what is left to choose: the API's filters and orders, over what is loaded.
import { decimal } from "../../shared/price.js";
import { cheapestMonth, healthRank } from "./records.js";
import { wordsOf } from "./view.js";

/**
 * What a view shows: {records, facets}. Facets count, for each value, the models that would be shown with it: of values of which one is
 * enough (provider, modality, health) as if nothing were chosen beside it, of capabilities with those that are chosen.
 * @param {ReturnType<import("./records.js").recordOf>[]} records
 */
export function select(records, view) {
  const words = wordsOf(view.q.toLowerCase());
  const conditions = conditionsOf(view);
  const facets = { providers: new Map(), modalities: new Map(), healths: new Map(), capabilities: new Map() };
  const shown = [];
  for (const record of records) {
    if (view.minProviders !== null && record.offers.length < view.minProviders) continue;
    if (!words.every((word) => record.lower.includes(word))) continue;
    if (counted(record, conditions, facets)) shown.push(record);
  }
  return { records: shown.sort(comparison(view)), facets };
}

/** Whether an offer meets every filter of a view. */
export function offerPasses(offer, view) {
  return failing(offer, conditionsOf(view)).length === 0;
}

// A model is shown when one and the same offer meets all of them (docs/api.md, "Filters and fields").
function conditionsOf(view) {
  const max = view.maxPrice === null ? null : decimal(view.maxPrice);
  const among = (values, of) => values.length === 0 || values.includes(of);
  return {
    providers: ({ slug }) => among(view.providers, slug),
    modalities: ({ modality }) => among(view.modalities, modality),
    healths: ({ offer }) => among(view.healths, offer.health_status),
    capabilities: ({ can }) => view.capabilities.every((capability) => can.includes(capability)),
    numbers: ({ context, prompt }) =>
      (view.minContext === null || (context ?? 0) >= view.minContext) && (!max || (prompt !== null && prompt.lte(max))),
  };
}

function failing(offer, conditions) {
  return Object.keys(conditions).filter((name) => !conditions[name](offer));
}

// Counts what a record's offers have; gives whether one of them meets everything.
function counted(record, conditions, facets) {
  const has = { providers: new Set(), modalities: new Set(), healths: new Set(), capabilities: new Set() };
  let passes = false;
  for (const offer of record.offers) {
    const failed = failing(offer, conditions);
    const isAlone = (name) => failed.every((other) => other === name);
    if (isAlone("providers")) has.providers.add(offer.slug);
    if (isAlone("modalities") && offer.modality !== null) has.modalities.add(offer.modality);
    if (isAlone("healths") && offer.offer.health_status !== null) has.healths.add(offer.offer.health_status);
    if (failed.length > 0) continue;
    passes = true;
    for (const capability of offer.can) has.capabilities.add(capability);
  }
  for (const [name, values] of Object.entries(has)) {
    for (const value of values) facets[name].set(value, (facets[name].get(value) ?? 0) + 1);
  }
  return passes;
}

// What each column sorts by. Null is last in both directions; of the cheapest price it is the most expensive, as in the API.
function keysOf(view) {
  const price = (text) => text ?? null;
  return {
    provider_count: ({ offers }) => offers.length,
    name: ({ lower }) => lower,
    cheapest_price: ({ cheapest }) => price(cheapest?.prompt),
    output_price: ({ cheapest }) => price(cheapest?.completion),
    cheapest_provider: ({ cheapest }) => cheapest?.provider.toLowerCase() ?? null,
    response_time: ({ fastest }) => fastest?.latencyMs ?? null,
    context: ({ context }) => context,
    capabilities: ({ can }) => can.length,
    health: (record) => healthRank(record.health) + record.healthy / Math.max(1, record.offers.length),
    month: (record) => cheapestMonth(record, view)?.cost ?? null,
  };
}

function comparison(view) {
  const key = keysOf(view)[view.sortBy];
  const sign = view.order === "asc" ? 1 : -1;
  const nullSign = view.sortBy === "cheapest_price" ? sign : 1;
  const keys = new Map();
  const keyOf = (record) => {
    if (!keys.has(record)) keys.set(record, key(record));
    return keys.get(record);
  };
  return (a, b) => {
    const [left, right] = [keyOf(a), keyOf(b)];
    // As they came: ties keep the listing's order in both directions.
    if (left === null || right === null) return nullSign * (Number(left === null) - Number(right === null)) || a.place - b.place;
    return sign * compared(left, right) || a.place - b.place;
  };
}

function compared(a, b) {
  if (typeof a === "number") return a - b;
  return typeof a === "string" ? byCodePoint(a, b) : a.cmp(b);
}

// JavaScript compares units of UTF-16, in which what is beyond them comes before some of what is not.
function byCodePoint(a, b) {
  if (a === b) return 0;
  let at = 0;
  while (a[at] === b[at]) at += 1;
  return (a.codePointAt(at) ?? -1) - (b.codePointAt(at) ?? -1);
}
