// The request of the API that gives what a view shows, and what of it the API cannot say.
import { API_SORTS, filterParams } from "./view.js";

const LISTING = "/v1/models/unique";
const DEFAULT_LIMIT = 100;
const LIMIT_MAX = 1000;

/**
 * {path, notes} of a view that shows `count` models.
 * @returns {{path: string, notes: string[]}}
 */
export function requestOf(view, count) {
  const params = filterParams(view);
  const notes = [];
  if (API_SORTS.includes(view.sortBy)) {
    if (view.sortBy !== "provider_count") params.set("sort_by", view.sortBy);
    if (view.order !== "desc") params.set("order", view.order);
    if (view.sortBy === "cheapest_price")
      notes.push("Among equal prices the API keeps the catalog's order; here those with more offers come first.");
  } else {
    notes.push(
      "The API does not sort by this column: the request gives the same models, with the most offers first. They are sorted in this page.",
    );
  }
  if (count > DEFAULT_LIMIT) params.set("limit", Math.min(count, LIMIT_MAX));
  if (count > LIMIT_MAX)
    notes.push(`An answer has at most ${LIMIT_MAX} models: follow its Link header (rel="next"), or walk with cursor=*.`);
  const query = params.toString();
  return { path: query ? `${LISTING}?${query}` : LISTING, notes };
}

/** The request of one model. */
export function modelRequest(name, inactive) {
  return `${LISTING}/${encodeURIComponent(name)}${inactive ? "?include_inactive=true" : ""}`;
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The same request in the languages of those who ask. */
export const LANGUAGES = {
  curl: (url) => `curl -i ${quoted(url)}`,
  JavaScript: (url) => `const response = await fetch(${JSON.stringify(url)});
const { models, total } = await response.json();`,
  Python: (url) => `import json, urllib.request

with urllib.request.urlopen(${JSON.stringify(url)}) as response:
    models = json.load(response)["models"]`,
};
