// What the statistics tell operators: counts of all isolates, and everything that this one knows.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { eventually, startWorker } from "./harness.mjs";
import { parseSnapshot } from "./snapshots.mjs";
import { NAMESPACE, statistics, withWorker } from "./support.mjs";
import { readVectors } from "./vectors.mjs";

const ADMIN_TOKEN = "admin-token-0123456789";
const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
const DEFAULT = "/models/unique?limit=1000";
const DEFAULT_KEY = "gw:models:unique:filtered:sortprovider_count:desc";
const LAST_WRITTEN = "gw:models:unique:filtered:sortcheapest_price:asc";
const SNAPSHOT = "gw:models:edge:snapshot:active";

const { tables, listings } = readVectors("tiny");
let stack, worker;

before(async () => (stack = await startStack({ tables })));
after(() => stack?.stop());
beforeEach(async () => {
  await stack.redis.command("FLUSHALL");
  stack.supabase.clearRequests();
  worker = await startWorker(stack, { CACHE_NAMESPACE: NAMESPACE, ADMIN_TOKEN });
});
afterEach(() => worker.stop());

test("counts add up over isolates, and the rest is of this one", async () => {
  await withWorker(stack, { ADMIN_TOKEN }, async (other) => {
    await worker.get(DEFAULT);
    await eventually(() => stack.redis.command("EXISTS", LAST_WRITTEN), "publication");
    await eventually(async () => (await worker.kv()).get(LAST_WRITTEN), "write to KV");
    for (let asked = 0; asked < 4; asked += 1) await worker.get(DEFAULT);
    for (let asked = 0; asked < 3; asked += 1) await other.get(DEFAULT);
    await statistics(worker, ADMIN_TOKEN);
    const all = await eventually(async () => {
      await statistics(worker, ADMIN_TOKEN);
      const all = await statistics(other, ADMIN_TOKEN);
      return all.total_requests === 8 && all.sets >= 7 && all;
    }, "both isolates' counts");
    assert.equal(all.hits, 7);
    assert.equal(all.misses, 1);
    assert.equal(all.hit_rate_percent, 87.5);
    assert.equal(all.errors, 0);
    assert.equal(all.invalidations, 0);
    assert.equal(all.redis_available, true);
    assert.equal(all.origin_loads, 1);
    assert.equal(all.tiers.memory.hits, 6);
    assert.equal(all.tiers.upstash.hits, 1);
    assert.equal(Number(await stack.redis.command("HGET", "gw:models:edge:statistics", "hits")), 7);
    assert.equal(all.isolate.total_requests, 3, "only its own");
    assert.equal(all.isolate.misses, 0);
    assert.deepEqual(all.isolate.breakers, { upstash: "closed", kv: "closed" });
    assert.deepEqual(all.isolate.backoff.active, { failures: 0, remaining_ms: null });
    const [variant, ...more] = all.isolate.variants;
    assert.deepEqual(more, [], "one text is enough for every listing");
    const { header, text } = parseSnapshot(await stack.redis.command("GET", SNAPSHOT));
    assert.equal(variant.key, SNAPSHOT);
    assert.equal(variant.count, listings.get(DEFAULT_KEY).length);
    assert.equal(variant.bytes, Buffer.byteLength(text));
    assert.ok(variant.ttl > 1700 && variant.ttl <= 1800);
    assert.ok(variant.age < 60);
    assert.equal(variant.hash, header.hash);
    const { version, ...source } = all.sources.active;
    assert.deepEqual(source, { same_configuration: true, lease_ms: null, failures: null, backoff_ms: null });
    assert.deepEqual(version, JSON.parse(await stack.redis.command("GET", "gw:models:edge:version:active")));
    assert.deepEqual(all.overdue, []);
    assert.equal(all.isolate.publishing_paused, null);
    assert.ok(all.isolate.wasm_memory_bytes > 1_000_000 && all.isolate.wasm_memory_bytes < 48_000_000);
    assert.ok(Math.abs(all.isolate.verified_at_ms - Date.now()) < 60_000);
    assert.ok(all.isolate.request_bytes_max > 9_000_000);
  });
});

test("the lease's holder is told while a load is under way, and invalidations are counted", async () => {
  await stack.redis.command("SET", "gw:models:edge:lease:active", "somebody", "PX", "5000");
  const all = await statistics(worker, ADMIN_TOKEN);
  assert.deepEqual(all.leases, { active: "somebody", all: null, registry: null });
  await stack.redis.command("DEL", "gw:models:edge:lease:active");
  await clear();
  assert.equal((await statistics(worker, ADMIN_TOKEN)).invalidations, 1);
});

test("without Redis they say so, and are this isolate's", async () => {
  await worker.get(DEFAULT);
  await stack.upstash.stop();
  try {
    const answer = await worker.get("/api/system/cache/stats", { headers });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["cache-control"], "no-store");
    assert.equal(answer.body.redis_available, false);
    assert.equal(answer.body.misses, 1);
  } finally {
    await stack.upstash.start();
  }
});

function clear() {
  return worker.get("/api/system/cache/clear", { method: "POST", headers, body: '{"cache_type":"all"}' });
}
