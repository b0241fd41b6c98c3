// EDGE_MODE=kv: what a key in KV says of the mode, in the built Worker.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { isolatesOver } from "./isolates.mjs";
import { readVectors } from "./vectors.mjs";

const ADMIN_TOKEN = "modes-admin-token-0123456789abcdef";
const WEBHOOK_SECRET = "modes-webhook-secret-012345";
const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
const PAGE = "/models/unique?limit=2";

let stack;
const isolates = isolatesOver(() => stack, { vars: { ADMIN_TOKEN, EDGE_MODE: "kv" } });

before(async () => (stack = await startStack({ tables: readVectors("tiny").tables, kv: true })));
after(() => stack?.stop());
beforeEach(() => isolates.renew());
afterEach(() => isolates.stop());

const setMode = (mode) => stack.kv.put(`${isolates.namespace}edge:mode`, mode);
const mode = async (worker) => (await worker.get("/api/system/cache/stats", { headers })).body.isolate.mode;
const served = async (worker) => (await worker.get(PAGE)).headers["x-cache"];

test("without the key it is active", async () => {
  const worker = await isolates.start();
  assert.deepEqual([await served(worker), await served(worker)], ["MISS", "HIT"]);
  assert.equal(await mode(worker), "active");
});

test("a key that says passthrough keeps a new isolate from every cache", async () => {
  const warm = await isolates.start();
  assert.deepEqual([await served(warm), await served(warm)], ["MISS", "HIT"]);
  await setMode("passthrough");
  const worker = await isolates.start();
  for (let n = 0; n < 3; n += 1) assert.equal(await served(worker), "MISS");
  assert.equal(await mode(worker), "passthrough");
});

test("a key that says read_only forbids what operators and webhooks do", async () => {
  await setMode("read_only");
  const worker = await isolates.start({ WEBHOOK_SECRET });
  const clear = await worker.get("/api/system/cache/clear", { method: "POST", headers, body: '{"cache_type":"all"}' });
  assert.equal(clear.status, 409);
  const warm = await worker.get("/api/system/cache/warm", { method: "POST", headers });
  assert.equal(warm.body.error, "read-only");
  const body = '{"type":"UPDATE","table":"models","schema":"public"}';
  const hook = await worker.get("/api/webhooks/supabase", { method: "POST", headers: { "x-webhook-secret": WEBHOOK_SECRET }, body });
  assert.equal(hook.status, 409);
  assert.equal(await served(worker), "MISS");
  assert.deepEqual(await stack.redis.command("KEYS", `${isolates.namespace}*`), []);
});

test("a mode that is set is not KV's to change", async () => {
  await setMode("passthrough");
  const worker = await isolates.start({ EDGE_MODE: null });
  assert.deepEqual([await served(worker), await served(worker)], ["MISS", "HIT"]);
});
