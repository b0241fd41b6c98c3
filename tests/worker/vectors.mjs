// The golden vectors (tests/vectors) as the specs use them: tables to load, and what the backend made of them.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const root = join(dirname(dirname(fileURLToPath(import.meta.url))), "vectors");

// The text that the backend saw is not the one that PostgREST sends (docs/platform.md, "jsonb rewrites numbers").
const JSON_NUMBERS = new Map([
  ["1e+16", "10000000000000000"],
  ["1.2345678901234568e+17", "123456789012345680"],
]);

/** {tables, cases: HTTP cases in order, listings: Map of Redis key to models}. */
export function readVectors(name) {
  const expected = readdirSync(join(root, name, "expected")).map((file) => basename(file, ".gz"));
  const read = (file) => asPostgresHasIt(readJson(join(name, "expected", file)));
  const count = expected.filter((file) => file.startsWith("http_")).length;
  const keys = expected.filter((file) => !file.startsWith("http_")).map((file) => basename(file, ".json"));
  return {
    tables: JSON.parse(readText(join(name, "tables.json")), withNumbersAsWritten),
    cases: Array.from({ length: count }, (_, index) => read(`http_${index}.json`)),
    listings: new Map(keys.map((key) => [key, read(`${key}.json`)])),
  };
}

/** A file of the vectors as text: packed or not. */
export function readText(path) {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    return gunzipSync(readFileSync(join(root, `${path}.gz`))).toString("utf8");
  }
}

export function readJson(path) {
  return JSON.parse(readText(path));
}

/** The query that asks for the listing of a key of the backend's, every model of it. */
export function queryOf(key) {
  const parts = /filtered(:inactive)?(?::minp(\d+))?:sort(\w+):(\w+)$/.exec(key);
  assert.ok(parts, key);
  const [, inactive, minimum, sort, order] = parts;
  const query = new URLSearchParams({ limit: "1000", sort_by: sort, order });
  if (minimum) query.set("min_providers", minimum);
  if (inactive) query.set("include_inactive", "true");
  return query.toString();
}

/** Equal as JSON, and fields in the same order: clients of the backend may have come to rely on it. */
export function assertSameJson(actual, expected, message) {
  assert.deepEqual(actual, expected, message);
  assert.equal(JSON.stringify(actual), JSON.stringify(expected), `${message}: order of fields`);
}

// jsonb keeps the zero of 1.0, and so must what loads it: a number of JavaScript does not.
function withNumbersAsWritten(_, value, { source }) {
  return typeof value === "number" && String(value) !== source ? JSON.rawJSON(source) : value;
}

function asPostgresHasIt(value) {
  if (Array.isArray(value)) return value.map(asPostgresHasIt);
  if (value === null || typeof value !== "object") return value;
  const numbers = value.name === "JSON Numbers" && Array.isArray(value.providers);
  const entries = Object.entries(value).map(([field, inner]) => [field, asPostgresHasIt(inner)]);
  const copy = Object.fromEntries(entries);
  if (numbers) for (const offer of copy.providers) writeOut(offer.pricing);
  return copy;
}

function writeOut(pricing) {
  for (const [field, price] of Object.entries(pricing)) pricing[field] = JSON_NUMBERS.get(price) ?? price;
}
