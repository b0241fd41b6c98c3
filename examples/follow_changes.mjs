// Keeps a copy of the catalog, and follows what changes in it (docs/api.md, "Following changes").
//
//   node examples/follow_changes.mjs [http://localhost:8787] [seconds between two looks]
//
// Needs `npm start` in another terminal, or the address of a deployed Worker. Node 20 or newer, no packages.
import { fileURLToPath } from "node:url";

/** The whole catalog by name, of one version. A walk that is cut off (410) begins anew. */
export async function read(base) {
  const models = new Map();
  let page = { next_cursor: "*" };
  while (page.next_cursor) {
    const response = await fetch(`${base}/models/unique?limit=1000&cursor=${page.next_cursor}`);
    if (response.status === 410) return read(base);
    page = await parsed(response);
    for (const model of page.models) models.set(model.name, model);
  }
  return { models, version: page.version };
}

/** Brings a copy up to date, in place, and returns it; where that cannot be told, one that was read anew. */
export async function follow(base, copy, onChange = () => {}) {
  for (;;) {
    const response = await fetch(`${base}/models/unique/changes?since=${copy.version}`);
    if (response.status === 410) return read(base);
    const { entries, until } = await parsed(response);
    for (const change of entries.flatMap(({ changes }) => changes)) {
      apply(copy.models, change);
      onChange(change);
    }
    copy.version = until;
    if (!response.headers.get("link").includes('rel="next"')) return copy;
  }
}

function apply(models, { type, name, model, patch }) {
  if (type === "added") models.set(name, model);
  else if (type === "deleted") models.delete(name);
  else for (const step of patch) applyStep(models.get(name), step);
}

/** A step of a JSON Patch (RFC 6902): these three are all there are here. */
function applyStep(model, { op, path, value }) {
  const names = path.split("/").slice(1).map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = names.pop();
  const target = names.reduce((inside, name) => inside[name], model);
  if (Array.isArray(target)) target.splice(Number(last), op === "add" ? 0 : 1, ...(op === "remove" ? [] : [value]));
  else if (op === "remove") delete target[last];
  else target[last] = value;
}

async function parsed(response) {
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , base = "http://localhost:8787", seconds = "30"] = process.argv;
  let copy = await read(base);
  console.log(`${copy.models.size} models at version ${copy.version}`);
  for (;;) {
    await new Promise((later) => setTimeout(later, Number(seconds) * 1000));
    copy = await follow(base, copy, ({ type, name, prices = [] }) => {
      const told = prices.map(({ provider, field, old, new: now }) => `; ${provider} ${field} ${old} -> ${now}`);
      console.log(`${type} ${name}${told.join("")}`);
    });
  }
}
