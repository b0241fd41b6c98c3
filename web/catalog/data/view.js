// The view: what is looked for, sorted, opened and compared. All of it is in the page's address, whose parameters are the API's wherever
// the API has one, so that a view can be shared and its request be read off it.
import { decimal } from "../../shared/price.js";

export const CAPABILITIES = ["streaming", "function_calling", "vision"];
/** What the API sorts by; other columns are sorted in the page. */
export const API_SORTS = ["provider_count", "name", "cheapest_price"];
const PAGE_SORTS = ["cheapest_provider", "response_time", "output_price", "context", "capabilities", "health", "month"];
export const SORTS = [...API_SORTS, ...PAGE_SORTS];
/** What the API takes of several values, and of words, at most. */
export const VALUES_MAX = 20;
export const WORDS_MAX = 8;
export const COMPARED_MAX = 5;

const LISTS = { provider: "providers", capability: "capabilities", modality: "modalities", health: "healths" };

export const EMPTY = {
  q: "",
  providers: [],
  capabilities: [],
  modalities: [],
  healths: [],
  minContext: null,
  maxPrice: null,
  minProviders: null,
  inactive: false,
  sortBy: "provider_count",
  order: "desc",
  model: null,
  compared: [],
  isComparing: false,
  showsChanges: false,
  tokensIn: null,
  tokensOut: null,
};

/**
 * The view of an address. What cannot be read is as if it were not there.
 * @param {string} search
 */
export function readView(search) {
  const params = new URLSearchParams(search);
  const view = { ...EMPTY, q: params.get("q") ?? "" };
  for (const [name, member] of Object.entries(LISTS)) view[member] = valuesOf(params, name);
  view.capabilities = view.capabilities.filter((word) => CAPABILITIES.includes(word));
  view.minContext = whole(params.get("min_context"), 1);
  view.minProviders = whole(params.get("min_providers"), 1);
  view.maxPrice = priceText(params.get("max_price"));
  view.inactive = params.get("include_inactive") === "true";
  const sort = params.get("sort_by");
  if (SORTS.includes(sort)) view.sortBy = sort;
  if (params.get("order") === "asc") view.order = "asc";
  view.model = params.get("model");
  view.compared = params.getAll("compare").map(readItem).filter(Boolean).slice(0, COMPARED_MAX);
  view.isComparing = params.get("show") === "compare";
  view.showsChanges = params.get("show") === "changes";
  view.tokensIn = whole(params.get("tokens_in"), 0);
  view.tokensOut = whole(params.get("tokens_out"), 0);
  return view;
}

/** The address of a view: its query, empty for the view without anything. */
export function writeView(view) {
  const params = filterParams(view);
  if (view.sortBy !== EMPTY.sortBy) params.set("sort_by", view.sortBy);
  if (view.order !== EMPTY.order) params.set("order", view.order);
  for (const item of view.compared) params.append("compare", writeItem(item));
  if (view.tokensIn !== null) params.set("tokens_in", view.tokensIn);
  if (view.tokensOut !== null) params.set("tokens_out", view.tokensOut);
  if (view.isComparing) params.set("show", "compare");
  if (view.showsChanges) params.set("show", "changes");
  if (view.model !== null) params.set("model", view.model);
  const text = params.toString();
  return text && `?${text}`;
}

/** The view's filters as the API has them. */
export function filterParams(view) {
  const params = new URLSearchParams();
  if (view.q.trim()) params.set("q", wordsOf(view.q).join(" "));
  for (const [name, member] of Object.entries(LISTS)) for (const value of view[member]) params.append(name, value);
  if (view.minContext !== null) params.set("min_context", view.minContext);
  if (view.maxPrice !== null) params.set("max_price", view.maxPrice);
  if (view.minProviders !== null) params.set("min_providers", view.minProviders);
  if (view.inactive) params.set("include_inactive", "true");
  return params;
}

/** The words that are looked for, as many as the API takes. */
export function wordsOf(q) {
  return q.trim().split(/\s+/).filter(Boolean).slice(0, WORDS_MAX);
}

/** Whether anything is filtered. */
export function isFiltered(view) {
  return filterParams({ ...view, inactive: false }).size > 0;
}

/** The view without filters, everything else kept. */
export function unfiltered(view) {
  const { q, providers, capabilities, modalities, healths, minContext, maxPrice, minProviders } = EMPTY;
  return { ...view, q, providers, capabilities, modalities, healths, minContext, maxPrice, minProviders };
}

/** Whether two items that are compared are the same: a model, or one of its offers. */
export function isSame(a, b) {
  return a.name === b.name && a.slug === b.slug && a.nth === b.nth;
}

// A model is `:name`, an offer `slug:name`, and a provider's second offer of it `slug,1:name`.
function writeItem({ name, slug, nth }) {
  const offer = slug === null ? "" : `${encodeURIComponent(slug)}${nth ? `,${nth}` : ""}`;
  return `${offer}:${name}`;
}

function readItem(text) {
  const at = text.indexOf(":");
  if (at < 0) return undefined;
  const [slug, nth] = text.slice(0, at).split(",");
  return { name: text.slice(at + 1), slug: slug === "" ? null : unescaped(slug), nth: whole(nth, 0) ?? 0 };
}

function unescaped(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function valuesOf(params, name) {
  const values = params.getAll(name).flatMap((value) => value.split(","));
  return [...new Set(values.map((value) => value.trim()).filter(Boolean))].slice(0, VALUES_MAX);
}

// Digits stay text: a number of tokens may be more than a float holds.
function whole(text, least) {
  return text && /^\d{1,15}$/.test(text) && Number(text) >= least ? Number(text) : null;
}

function priceText(text) {
  const price = text ? decimal(text) : null;
  return price && price.gte(0) ? text.trim() : null;
}
