// What one environment is deployed with: wrangler.toml, with the id of its KV namespace, over a Worker that is already built.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { experimental_readRawConfig as readRawConfig } from "wrangler";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const KV = "CATALOG_KV";

/** The environments of wrangler.toml. */
export function environments() {
  return Object.keys(raw().env);
}

/** What wrangler.toml says of an environment: {worker, namespace: {title, id}, required}. */
export function describe(name) {
  const { name: service, env } = raw();
  const worker = env[name].name ?? `${service}-${name}`;
  const { id } = env[name].kv_namespaces.find(({ binding }) => binding === KV);
  // What wrangler itself would call a namespace that it makes.
  const title = `${worker}-${KV.toLowerCase().replaceAll("_", "-")}`;
  return { worker, namespace: { title, id }, required: env[name].secrets?.required ?? [] };
}

/** Writes the file that wrangler deploys an environment from, and gives its path. Without an id the namespace stays unnamed. */
export function write(name, namespaceId, folder = join(root, "build", "deploy")) {
  const { build, env, ...config } = raw();
  const chosen = structuredClone(env[name]);
  if (namespaceId) chosen.kv_namespaces.find(({ binding }) => binding === KV).id = namespaceId;
  // Without `[build]` nothing is built again, and no Rust is needed.
  const assets = { ...config.assets, directory: join(root, config.assets.directory) };
  const content = { ...config, main: join(root, config.main), assets, env: { [name]: chosen } };
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(content, null, 2));
  return path;
}

function raw() {
  return readRawConfig({ config: join(root, "wrangler.toml") }).rawConfig;
}
