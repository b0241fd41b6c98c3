// What changed lately: the change feed, read once, and the prices of a model as they were.
import { ask } from "../../shared/api.js";

const VERSIONS = 200;

let reading = null;

/** The newest versions of the catalog, newest first: [{version, at_ms, reset, summary, changes}]. Read once, or anew. */
export function readChanges({ inactive, isAnew = false }) {
  if (!reading || reading.inactive !== inactive || isAnew) {
    const scope = inactive ? "&include_inactive=true" : "";
    const answer = ask(`/v1/models/unique/changes?limit=${VERSIONS}${scope}`);
    const entries = answer.then(({ body }) => [...body.entries].sort((a, b) => b.at_ms - a.at_ms));
    reading = { inactive, entries };
    // What failed is asked again by whoever wants it next.
    entries.catch(() => (reading = null));
  }
  return reading.entries;
}

/** What happened to a model: [{atMs, version, change}], newest first. */
export function changesOf(entries, name) {
  return entries.flatMap((entry) =>
    entry.changes.filter((change) => change.name === name).map((change) => ({ atMs: entry.at_ms, version: entry.version, change })),
  );
}

/**
 * The prices of an offer over time, oldest first: [{atMs, text}], from the first that is known until now. Empty where nothing changed.
 * @param {ReturnType<typeof changesOf>} changes
 */
export function priceHistory(changes, slug, field, nowText, nowMs = Date.now()) {
  const steps = [...changes]
    .reverse()
    .flatMap(({ atMs, change }) =>
      (change.prices ?? []).filter((price) => price.provider === slug && price.field === field).map((price) => ({ atMs, ...price })),
    );
  if (steps.length === 0) return [];
  const [first] = steps;
  return [
    { atMs: first.atMs - 60_000, text: first.old },
    ...steps.map(({ atMs, new: text }) => ({ atMs, text })),
    { atMs: nowMs, text: nowText },
  ];
}
