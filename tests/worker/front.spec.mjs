// The cache in front of the Worker: what answers tell it, what wrangler's runtime has of it (an import without functions), and what
// the Worker says to one that answers.
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, afterEach, before, describe, test } from "node:test";
import { build as bundle } from "esbuild";
import { startStack } from "../../dev/stack/index.mjs";
import { eventually, startWorker } from "./harness.mjs";
import { startWorkerd } from "./workerd.mjs";
import { readVectors } from "./vectors.mjs";

const ADMIN_TOKEN = "admin-token-of-the-front";
const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
const LISTING = "/models/unique?limit=3";
const built = process.env.WORKER_BUILD_DIR ?? join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "build");

let stack, worker;

before(async () => (stack = await startStack({ tables: readVectors("tiny").tables, kv: true })));
after(() => stack?.stop());
afterEach(() => worker?.stop());

const clear = () => worker.get("/api/system/cache/clear", { method: "POST", headers, body: '{"cache_type":"all"}' });
const front = async () => (await worker.get("/api/system/cache/stats", { headers })).body.isolate.front;

function frontOtherThan(state) {
  return eventually(async () => {
    const seen = await front();
    return seen.state !== state && seen;
  }, `a front that is not ${state}`);
}

describe("in wrangler's runtime, which has no such cache", () => {
  const toml = "[cache]\nenabled = true\n";

  test("a clear is one all the same, and statistics say that it is absent", async () => {
    worker = await startWorker(stack, { ADMIN_TOKEN, WORKERS_CACHE: "on" }, { toml });
    assert.equal((await front()).state, "unknown");
    const cleared = await clear();
    assert.deepEqual([cleared.status, cleared.body.success], [200, true]);
    assert.deepEqual(await frontOtherThan("unknown"), { state: "absent", last_invalidated_at_ms: null, refused: 0 });
    assert.deepEqual(await worker.cron(), { outcome: "ok", noRetry: false });
    assert.equal((await front()).state, "absent");
    assert.deepEqual(worker.events().filter(({ event }) => event === "front_refused"), []);
  });

  test("answers say what they are known by and how long they live there", async () => {
    worker = await startWorker(stack, { ADMIN_TOKEN, WORKERS_CACHE: "on" }, { toml });
    await worker.get(LISTING);
    const { headers: told, status } = await worker.get(LISTING, { headers: { "x-request-id": "mine" } });
    assert.equal(status, 200);
    assert.equal(told["cache-tag"], "models-active");
    assert.match(told["cloudflare-cdn-cache-control"], /^public, max-age=(29|30), stale-while-revalidate=5, stale-if-error=\d+$/);
    assert.match(told["cache-control"], /^public, max-age=60, stale-while-revalidate=\d+, stale-if-error=\d+$/);
    assert.deepEqual([told.age, told["x-request-id"], told.vary], [undefined, undefined, undefined]);
    for (const path of ["/healthz", "/nothing", "/models/unique?limit=0", "/api/system/cache/stats"]) {
      const { headers: other } = await worker.get(path, { headers });
      assert.equal(other["cache-control"], "no-store", path);
      assert.equal(other["cache-tag"], undefined, path);
    }
  });
});

// No runtime that runs here has the function, so this one is ours; everything up to its call is the Worker's.
describe("told through the import", () => {
  const folders = [];
  after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

  // The built Worker, for which `cache` of cloudflare:workers has an invalidate() that logs its argument and does `body`.
  async function withCache(body) {
    const folder = mkdtempSync(join(tmpdir(), "front-"));
    folders.push(folder);
    copyFileSync(join(built, "index_bg.wasm"), join(folder, "index_bg.wasm"));
    const own = join(folder, "cache.mjs");
    writeFileSync(own, `export * from "cloudflare:workers";
export const cache = {
  async invalidate(...args) {
    console.log(JSON.stringify({ invalidate: args, plain: Object.getPrototypeOf(args[0]) === Object.prototype, bound: this === cache }));
    ${body}
  },
};`);
    const named = { name: "cache", setup(esbuild) {
      esbuild.onResolve({ filter: /^cloudflare:workers$/ }, ({ importer, path }) => (importer === own ? { path, external: true } : { path: own }));
    } };
    await bundle({ entryPoints: [join(built, "index.js")], bundle: true, format: "esm", outfile: join(folder, "index.js"), external: ["./index_bg.wasm"], plugins: [named], logLevel: "error" });
    rmSync(own);
    return startWorkerd(stack, { ADMIN_TOKEN, WORKERS_CACHE: "on" }, { build: folder });
  }

  const calls = () => worker.lines.filter((line) => line.includes('"invalidate"')).map((line) => JSON.parse(line));
  const refusals = () => worker.events().filter(({ event }) => event === "front_refused").map(({ reason, code }) => ({ reason, code }));

  test("one call names every source's tag", async () => {
    worker = await withCache("return { success: true, zoneTag: '', errors: [] };");
    const before = Date.now();
    assert.equal((await clear()).status, 200);
    const seen = await frontOtherThan("unknown");
    assert.deepEqual([seen.state, seen.refused], ["present", 0]);
    assert.ok(seen.last_invalidated_at_ms >= before && seen.last_invalidated_at_ms <= Date.now());
    const [call, ...more] = calls();
    const [{ tags, ...others }, ...rest] = call.invalidate;
    assert.deepEqual([[...tags].sort(), others, rest, more], [["models-active", "models-all", "models-providers"], {}, [], []]);
    assert.ok(call.plain && call.bound);
    assert.deepEqual(refusals(), []);
  });

  test("a reply without a list of errors is one", async () => {
    worker = await withCache("return { success: true, errors: null };");
    assert.equal((await clear()).status, 200);
    const seen = await frontOtherThan("unknown");
    assert.deepEqual([seen.state, seen.refused], ["present", 0]);
  });

  for (const [what, body, code] of [
    ["refused", "return { success: false, errors: [{ code: 1134, message: 'Unable to purge' }] };", 1134],
    ["refused without a reason", "return { success: false };", null],
    ["thrown", "throw new Error('no');", null],
    ["nonsense", "return 7;", null],
  ]) {
    test(`what is ${what} fails no clear, is logged, and is left to be told again`, async () => {
      worker = await withCache(body);
      assert.equal((await clear()).status, 200);
      const seen = await frontOtherThan("unknown");
      assert.deepEqual(seen, { state: "present", last_invalidated_at_ms: null, refused: 1 });
      await eventually(() => refusals().length > 0, "a line of the log");
      assert.deepEqual(refusals(), [{ reason: "refused", code }]);
    });
  }
});
