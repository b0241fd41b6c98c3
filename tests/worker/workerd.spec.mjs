// The built Worker in plain workerd processes: KV with faults, cron, several isolates, CPU.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { eventually } from "./harness.mjs";
import { isolatesOver } from "./isolates.mjs";
import { hitOf, snapshotLoads } from "./support.mjs";
import { readVectors } from "./vectors.mjs";

const DEFAULT = "/models/unique?limit=1000";
const DEFAULT_KEY = "gw:models:unique:filtered:sortprovider_count:desc";
const { tables, listings } = readVectors("tiny");

let stack;
const isolates = isolatesOver(() => stack);

before(async () => (stack = await startStack({ tables, kv: true, faults: true })));
after(async () => {
  await isolates.stop();
  await stack?.stop();
});
beforeEach(async () => {
  await isolates.stop();
  for (const proxy of Object.values(stack.proxies)) proxy.clear();
  await stack.redis.command("FLUSHALL");
  stack.kv.forget();
  stack.kv.clearRequests();
  stack.supabase.clearRequests();
});

test("a cron run fills Redis and KV, and says how it ended", async () => {
  const worker = await isolates.start();
  assert.deepEqual(await worker.cron(), { outcome: "ok", noRetry: false });
  await eventually(() => stack.kv.get(DEFAULT_KEY), "write to KV");
  assert.deepEqual(JSON.parse(await stack.kv.get(DEFAULT_KEY)), listings.get(DEFAULT_KEY));
  assert.equal((await stack.kv.getWithMetadata(DEFAULT_KEY)).metadata.n, listings.get(DEFAULT_KEY).length);
  assert.equal(await stack.redis.command("EXISTS", DEFAULT_KEY), 1);
  assert.ok(worker.events().some(({ event }) => event === "warm"));
});

test("two processes are two isolates: the second finds what the first published", async () => {
  const [one, other] = [await isolates.start(), await isolates.start()];
  assert.equal((await one.get(DEFAULT)).headers["x-cache"], "MISS");
  await eventually(() => stack.redis.command("EXISTS", DEFAULT_KEY), "publication");
  const answer = await other.get(DEFAULT);
  assert.equal(hitOf(answer).tier, "upstash");
  assert.deepEqual(answer.body.models, listings.get(DEFAULT_KEY));
  assert.equal(snapshotLoads(stack), 1);
  assert.notEqual(one.pid, other.pid);
});

test("KV slow, hung, limited, failing, cut: the catalog is served all the same", async () => {
  const faults = [
    { fault: "latency", ms: 600 },
    { fault: "hang" },
    { fault: "hang-body" },
    { fault: "status", status: 429 },
    { fault: "status", status: 503 },
    { fault: "reset" },
    { fault: "reset-body" },
    { fault: "truncate" },
  ];
  await (await isolates.start()).cron();
  await stack.redis.command("FLUSHALL");
  for (const rule of faults) {
    stack.proxies.kv.clear();
    stack.proxies.kv.set(rule);
    const worker = await isolates.start();
    const answer = await worker.get(DEFAULT);
    assert.equal(answer.status, 200, JSON.stringify(rule));
    assert.deepEqual(answer.body.models, listings.get(DEFAULT_KEY), JSON.stringify(rule));
    await isolates.stop();
    await stack.redis.command("FLUSHALL");
  }
});

test("a process tells its CPU and its memory", { skip: process.platform !== "linux" && "only /proc tells" }, async () => {
  const worker = await isolates.start();
  await worker.get(DEFAULT);
  const before = worker.cpuMs();
  for (let asked = 0; asked < 200; asked += 1) await worker.get(DEFAULT);
  const used = worker.cpuMs() - before;
  assert.ok(used > 0 && used < 10_000, `${used} ms`);
  const { now, peak } = worker.residentBytes();
  assert.ok(now > 20_000_000 && now <= peak, `${now} of ${peak}`);
});

test("a setting reaches the Worker as it is, whatever is in it", async () => {
  const worker = await isolates.start({ HEDGE_MS: 'no "number"\n\\ \u00e9\u0001' });
  const answer = await worker.get(DEFAULT);
  assert.equal(answer.status, 500);
  assert.match(answer.text, /HEDGE_MS/);
});
