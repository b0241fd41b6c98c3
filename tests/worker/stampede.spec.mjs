// Many cold requests at once cause one snapshot load, in one isolate and across isolates.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { eventually, startWorker } from "./harness.mjs";
import { isolatesOver } from "./isolates.mjs";
import { snapshotLoads } from "./support.mjs";
import { readVectors } from "./vectors.mjs";

// The origin takes its time, so that every request arrives while the load is under way.
const SLOW = { fault: "latency", ms: 300 };
const LAST_KEY = "gw:models:unique:filtered:sortcheapest_price:asc";

const { tables, listings } = readVectors("tiny");
const COMBINATIONS = ["provider_count", "name", "cheapest_price"].flatMap((sort) =>
  ["asc", "desc"].flatMap((order) => [undefined, 2].map((minimum) => ({ sort, order, minimum }))),
);

let stack;
const isolates = isolatesOver(() => stack, { start: startWorker });

before(async () => (stack = await startStack({ tables, faults: true })));
after(async () => {
  await isolates.stop();
  await stack?.stop();
});
beforeEach(async () => {
  await isolates.stop();
  await stack.redis.command("FLUSHALL");
  stack.proxies.supabase.clear();
  stack.proxies.upstash.clear();
  stack.supabase.clearRequests();
});

test("200 cold requests over 12 combinations", async () => {
  assert.equal(COMBINATIONS.length, 12);
  stack.proxies.supabase.set(SLOW);
  await askMany(await isolates.start(), 200);
  assert.equal(snapshotLoads(stack), 1);
});

test("200 cold requests while the origin is quick", async () => {
  await askMany(await isolates.start(), 200);
  assert.equal(snapshotLoads(stack), 1);
});

test("two cold isolates, and two more after Redis was flushed", async () => {
  stack.proxies.supabase.set(SLOW);
  for (const loads of [1, 2]) {
    const [one, other] = await Promise.all([isolates.start(), isolates.start()]);
    await Promise.all([askMany(one, 100), askMany(other, 100)]);
    assert.equal(snapshotLoads(stack), loads);
    await eventually(() => stack.redis.command("EXISTS", LAST_KEY), "publication");
    await isolates.stop();
    await stack.redis.command("FLUSHALL");
  }
});

test("a read that overlaps the claim of a cold load does not keep that load from being published", async () => {
  const worker = await isolates.start();
  // The third request of a cold walk, after two reads, claims the lease and begins the epoch: it comes late to Redis.
  stack.proxies.upstash.clearRequests();
  stack.proxies.upstash.set({ fault: "latency", ms: 500, times: 1 });
  stack.proxies.upstash.set({ fault: "none", times: 2 });
  const first = worker.get("/models/unique");
  await eventually(() => stack.proxies.upstash.requests.length === 3, "the claim");
  const second = await worker.get("/models/unique?sort_by=name");
  assert.equal(second.status, 200);
  assert.equal((await first).status, 200);
  await eventually(() => stack.redis.command("EXISTS", LAST_KEY), "publication", 3_000);
  assert.equal(snapshotLoads(stack), 1);
});

test("both scopes at once are one load each", async () => {
  stack.proxies.supabase.set(SLOW);
  const worker = await isolates.start();
  const paths = ["/models/unique", "/models/unique?include_inactive=true"];
  const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => worker.get(paths[index % 2])));
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  assert.notEqual(answers[0].body.total, answers[1].body.total);
  assert.equal(snapshotLoads(stack), 2);
});

async function askMany(worker, count) {
  const asked = Array.from({ length: count }, (_, index) => COMBINATIONS[index % COMBINATIONS.length]);
  const answers = await Promise.all(asked.map((combination) => worker.get(pathOf(combination))));
  answers.forEach((answer, index) => {
    const path = pathOf(asked[index]);
    assert.equal(answer.status, 200, path);
    assert.deepEqual(answer.body.models, expected(asked[index]), path);
  });
}

function pathOf({ sort, order, minimum }) {
  return `/models/unique?limit=1000&sort_by=${sort}&order=${order}${minimum ? `&min_providers=${minimum}` : ""}`;
}

function expected({ sort, order, minimum = 0 }) {
  const all = listings.get(`gw:models:unique:filtered:sort${sort}:${order}`);
  return all.filter((model) => model.provider_count >= minimum);
}
