// What an account has of a deployment: its KV namespace, made if it is missing, and its secrets, by name.
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { wrangler } from "./wrangler.mjs";

/** The id of the namespace with this title, in what `wrangler kv namespace list` prints. */
export function namespaceIn(listing, title) {
  return JSON.parse(listing).find((namespace) => namespace.title === title)?.id;
}

/** Finds a namespace by its title, or makes it: run twice, it is the same one. */
export async function findOrMakeNamespace(title) {
  const find = async () => namespaceIn(await printed(["kv", "namespace", "list"]), title);
  const found = await find();
  if (found) return found;
  await printed(["kv", "namespace", "create", title]);
  const made = await find();
  if (!made) throw new Error(`the KV namespace ${title} was made, but is not listed: try again`);
  return made;
}

/** The required secrets that are neither in what `wrangler secret list` prints nor in a file's text. */
export function missingIn(required, listing, fileText) {
  const set = [...JSON.parse(listing).map(({ name }) => name), ...Object.keys(secretsIn(fileText))];
  return required.filter((name) => !set.includes(name));
}

/** The required secrets that nobody set yet. A Worker that does not exist has none. */
export async function missingSecrets(required, worker, file) {
  const { ok, stdout, stderr } = await wrangler(["secret", "list", "--name", worker, "--format", "json"]);
  const isNew = !ok && `${stdout}${stderr}`.includes(`Worker "${worker}" not found`);
  if (!ok && !isNew) throw new Error(`wrangler secret list failed:\n${stdout}${stderr}`);
  return missingIn(required, isNew ? "[]" : stdout, file ? readFileSync(file, "utf8") : "");
}

/** The secrets of a file, by name: JSON or a line for each, as wrangler takes it. What is empty is not set. */
export function secretsIn(text) {
  const values = text.trimStart().startsWith("{") ? JSON.parse(text) : parseEnv(text);
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value));
}

async function printed(args) {
  const { ok, stdout, stderr } = await wrangler(args);
  if (!ok) throw new Error(`wrangler ${args.join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
}
