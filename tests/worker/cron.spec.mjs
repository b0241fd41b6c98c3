// The cron run: one load, six variants and the snapshot, in Redis and KV; and when it must change nothing.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { eventually, startWorker } from "./harness.mjs";
import { parseSnapshot } from "./snapshots.mjs";
import { cachedValues, controlOf, eventsOf, NAMESPACE, snapshotLoads } from "./support.mjs";
import { readVectors } from "./vectors.mjs";

const TTL_MS = 1_800_000;
const CONTROL = "gw:models:edge:control";
const MARKER = "gw:models:edge:marker";
const SNAPSHOT = "gw:models:edge:snapshot:active";
const SYNC_MARKER = "gw:models:sync:in_progress";
const WARM = [
  "gw:models:unique:filtered:sortprovider_count:desc",
  "gw:models:unique:filtered:minp2:sortprovider_count:desc",
  "gw:models:unique:filtered:minp3:sortprovider_count:desc",
  "gw:models:unique:filtered:minp5:sortprovider_count:desc",
  "gw:models:unique:filtered:sortname:asc",
  "gw:models:unique:filtered:sortcheapest_price:asc",
];

const { tables, listings } = readVectors("tiny");
let stack, worker;

before(async () => (stack = await startStack({ tables, faults: true })));
after(() => stack?.stop());
beforeEach(async () => {
  await stack.redis.command("FLUSHALL");
  stack.proxies.supabase.clear();
  stack.supabase.clearRequests();
  worker = await startWorker(stack, { CACHE_NAMESPACE: NAMESPACE });
});
afterEach(() => worker.stop());

test("warms six variants and the snapshot with one load, and reports it", async () => {
  assert.equal((await worker.cron()).outcome, "ok");
  assert.equal(snapshotLoads(stack), 1);
  const values = await cachedValues(stack);
  assert.deepEqual([...values.keys()].sort(), [SNAPSHOT, ...WARM].sort());
  for (const key of WARM) assert.deepEqual(JSON.parse(values.get(key)), listings.get(key), key);
  const names = (models) => models.map(({ name }) => name).sort();
  assert.deepEqual(names(JSON.parse(parseSnapshot(values.get(SNAPSHOT)).text)), names(listings.get(WARM[0])));
  for (const key of values.keys()) {
    const left = await stack.redis.command("PTTL", key);
    assert.ok(left > TTL_MS - 60_000 && left <= TTL_MS, `${key} lives for ${left} ms`);
  }
  const report = await lastReport(1);
  assert.equal(report.total_variants, 6);
  assert.equal(report.successful, 6);
  assert.equal(report.failed, 0);
  assert.equal(report.error, null);
  assert.deepEqual(report.variants_cached.map(({ key }) => key), WARM);
  for (const { key, count } of report.variants_cached) assert.equal(count, listings.get(key).length, key);
  assert.deepEqual(report.variants_cached[3].variant, {
    include_inactive: false,
    min_providers: 5,
    sort_by: "provider_count",
    order: "desc",
  });
  assert.equal(report.origin_requests, stack.supabase.requests.length);
  assert.equal(report.rows, 79, "active mappings of the vectors");
  assert.ok(report.duration_ms >= 0 && report.duration_ms < 30_000);
});

test("writes KV too, with what tells its age, and not again while nothing changed", async () => {
  const begun = Date.now();
  await worker.cron();
  const kv = await worker.kv();
  const { epoch } = await controlOf(stack);
  const { keys } = await kv.list();
  assert.deepEqual(keys.map(({ name }) => name).sort(), [MARKER, SNAPSHOT, ...WARM].sort());
  assert.deepEqual(await kv.get(MARKER, "json"), await controlOf(stack));
  for (const { name, metadata } of keys.filter(({ name }) => name !== MARKER)) {
    assert.equal(metadata.v, 2, name);
    assert.ok(metadata.at >= begun - 1000 && metadata.at <= Date.now() + 1000, name);
    assert.equal(metadata.epoch, epoch, name);
    assert.equal(metadata.n, (listings.get(name) ?? listings.get(WARM[0])).length, name);
    assert.match(metadata.hash, /^[0-9a-f]{16}$/, name);
  }
  assert.deepEqual(parseSnapshot(await kv.get(SNAPSHOT)).header, keys.find(({ name }) => name === SNAPSHOT).metadata);
  for (const key of WARM) assert.deepEqual(await kv.get(key, "json"), listings.get(key), key);
  await worker.cron();
  assert.equal((await lastReport(2)).successful, 6);
  assert.deepEqual((await kv.list()).keys, keys, "not one write more");
});

test("what is warm is a hit, without the origin", async () => {
  await worker.cron();
  const before = stack.supabase.requests.length;
  const answer = await worker.get("/models/unique?limit=1000");
  assert.equal(answer.headers["x-cache"], "HIT");
  assert.deepEqual(answer.body.models, listings.get(WARM[0]));
  assert.equal(stack.supabase.requests.length, before);
});

test("two runs at once, in one isolate and in two, are one load each at most and change nothing", async () => {
  const other = await startWorker(stack, { CACHE_NAMESPACE: NAMESPACE });
  try {
    stack.proxies.supabase.set({ fault: "latency", ms: 100 });
    for (const [one, two] of [
      [worker, worker],
      [worker, other],
    ]) {
      const before = snapshotLoads(stack);
      await Promise.all([one.cron(), two.cron()]);
      const loads = snapshotLoads(stack) - before;
      assert.ok(loads >= 1 && loads <= 2, `${loads} loads`);
      const values = await cachedValues(stack);
      for (const key of WARM) assert.deepEqual(JSON.parse(values.get(key)), listings.get(key), key);
    }
    const reports = [worker, other].flatMap((one) => eventsOf(one, "warm"));
    assert.deepEqual(reports.map(({ report }) => report.failed), [0, 0, 0, 0]);
  } finally {
    await other.stop();
  }
});

test("during an origin outage nothing that is cached changes, and the report says so", async () => {
  await worker.cron();
  const kv = await worker.kv();
  const [values, inKv] = [await cachedValues(stack), (await kv.list()).keys];
  const lived = await lives();
  await stack.supabase.stop();
  try {
    assert.equal((await worker.cron()).outcome, "exception");
    const report = await lastReport(2);
    assert.equal(report.successful, 0);
    assert.equal(report.failed, 6);
    assert.deepEqual(report.variants_cached, []);
    assert.ok(report.error, "a reason");
    assert.deepEqual(await cachedValues(stack), values);
    assert.deepEqual((await kv.list()).keys, inKv);
    (await lives()).forEach((life, index) => assert.ok(life <= lived[index], "no life was prolonged"));
    const answer = await worker.get("/models/unique");
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.body.models, listings.get(WARM[0]));
  } finally {
    await stack.supabase.start();
  }
});

test("an origin that is suddenly empty changes nothing either", async () => {
  await worker.cron();
  const values = await cachedValues(stack);
  await stack.database.load({ providers: tables.providers });
  try {
    await worker.cron();
    const report = await lastReport(2);
    assert.equal(report.failed, 6);
    assert.deepEqual(await cachedValues(stack), values);
    assert.equal(eventsOf(worker, "quarantined").length, 1);
  } finally {
    await stack.database.load(tables);
  }
});

test("while the backend synchronizes nothing is published", async () => {
  await stack.redis.command("SET", SYNC_MARKER, "1", "EX", "60");
  await worker.cron();
  const report = await lastReport(1);
  assert.equal(report.failed, 6);
  assert.equal(report.error, "backend-syncing");
  assert.deepEqual([...(await cachedValues(stack)).keys()], []);
  assert.deepEqual((await (await worker.kv()).list()).keys, []);
  assert.equal((await worker.get("/models/unique")).status, 200, "requests are served all the same");
  await stack.redis.command("DEL", SYNC_MARKER);
  await worker.cron();
  assert.equal((await lastReport(2)).successful, 6);
});

// docs/backend.md, "Rows from before an invalidation are cached after it"
test("what was read before an invalidation is not published after it, but serves its own request", async () => {
  stack.proxies.supabase.set({ fault: "latency", ms: 400 });
  const answering = worker.get("/models/unique");
  await eventually(() => stack.supabase.requests.length > 0 || stack.proxies.supabase.inFlight > 0, "a load");
  await stack.redis.command("SET", CONTROL, JSON.stringify({ epoch: Date.now(), barrier: 0, barrier_at: 0 }));
  const answer = await answering;
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body.models, listings.get(WARM[0]));
  const [refused] = await eventually(() => {
    const events = eventsOf(worker, "publish_refused");
    return events.length > 0 && events;
  }, "the refusal");
  assert.equal(refused.reason, "epoch-moved");
  assert.deepEqual([...(await cachedValues(stack)).keys()], []);
  assert.deepEqual((await (await worker.kv()).list()).keys, []);
  stack.proxies.supabase.clear();
  await worker.cron();
  assert.equal((await lastReport(1)).successful, 6, "the next load is published");
});

async function lastReport(count) {
  const events = await eventually(() => {
    const warm = eventsOf(worker, "warm");
    return warm.length >= count && warm;
  }, "the report");
  return events.at(-1).report;
}

function lives() {
  return Promise.all([SNAPSHOT, ...WARM].map((key) => stack.redis.command("PTTL", key)));
}
