// The built Worker in workerd, over the real stack. One harness is one isolate with a KV of its own.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createTestHarness } from "wrangler";

// wrangler would ask the internet for what a request's `cf` looks like.
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const build = process.env.WORKER_BUILD_DIR ?? join(root, "build");

// No `[build]`: the harness would build on every start. CompiledWasm is what worker-build's index.js imports.
const config = `
name = "model-catalog-edge-test"
main = ${JSON.stringify(join(build, "index.js"))}
compatibility_date = "2026-11-01"
[[rules]]
type = "CompiledWasm"
globs = ["**/*.wasm"]
[[kv_namespaces]]
binding = "CATALOG_KV"
id = "catalog"
`;

// `stack` gives vars and secrets; `vars` overrides them (null takes one away). Every answer is logged. `bindings` are more lines of
// wrangler.toml.
export async function startWorker(stack, vars = {}, { bindings = "" } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "worker-"));
  writeFileSync(join(folder, "wrangler.toml"), config + bindings);
  const all = { LOG_HITS_ONE_IN: "1", ...stack.vars, ...stack.secrets, ...vars };
  const set = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
  const server = createTestHarness({
    root: folder,
    workers: [{ configPath: join(folder, "wrangler.toml"), vars: set }],
  });
  const { url } = await server.listen();
  const worker = server.getWorker();
  return {
    url,
    server,
    fetch: (path, init) => worker.fetch(`http://edge.test${path}`, init),
    // The body as JSON with the headers that tell how it was served.
    async get(path, init) {
      const response = await this.fetch(path, init);
      const text = await response.text();
      const headers = Object.fromEntries(response.headers);
      return { status: response.status, headers, text, body: text === "" ? undefined : JSON.parse(text) };
    },
    cron: () => worker.scheduled({ cron: "*/10 * * * *", scheduledTime: new Date() }),
    kv: async () => (await worker.getEnv()).CATALOG_KV,
    events: () => server.getLogs().map(({ message }) => parsed(message)).filter(Boolean),
    async stop() {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function parsed(message) {
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}

// Polls until `look` gives something true: for what happens behind a response, at a time nobody promises.
export async function eventually(look, what = "it", patience = 10_000) {
  const end = Date.now() + patience;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`${what} did not happen within ${patience} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
