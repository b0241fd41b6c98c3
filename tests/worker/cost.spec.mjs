// The counting itself: what budgets are judged by agrees with what was done.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { assertWithin, costOf } from "./cost.mjs";
import { NAMESPACE } from "./support.mjs";
import { readVectors } from "./vectors.mjs";
import { startWorkerd } from "./workerd.mjs";

let stack, worker;

before(async () => {
  stack = await startStack({ tables: readVectors("tiny").tables, kv: true, faults: true });
  worker = await startWorkerd(stack, { CACHE_NAMESPACE: NAMESPACE });
});
after(async () => {
  await worker?.stop();
  await stack?.stop();
});

test("a cold request costs Redis, KV and one load, and a hit costs nothing", async () => {
  const cold = await costOf(stack, () => worker.get("/models/unique"));
  assert.equal(cold.result.headers["x-cache"], "MISS");
  assert.equal(cold.origin.loads, 1);
  assert.ok(cold.origin.pages >= 2 && cold.origin.requests === cold.origin.pages);
  assert.ok(cold.redis.requests >= 2 && cold.redis.commands >= cold.redis.requests);
  assert.ok(cold.redis.bytesUp > 10_000, "the publication, which comes behind the response");
  assert.ok(cold.kv.reads >= 1 && cold.kv.writes >= 1);
  const written = Object.values(cold.kv.byKey).reduce((sum, { writes }) => sum + writes, 0);
  assert.equal(written, cold.kv.writes);
  const hit = await costOf(stack, () => worker.get("/models/unique"));
  assertWithin(hit, { "redis.requests": 0, "kv.requests": 0, "origin.requests": 0 });
});

test("what a proxy answers itself was sent, and reached no server", async () => {
  stack.proxies.upstash.set({ fault: "status", status: 500 });
  const cost = await costOf(stack, () => worker.get("/models/unique?include_inactive=true"));
  stack.proxies.upstash.clear();
  assert.equal(cost.redis.commands, 0);
  assert.ok(cost.redis.requests > 0);
});

test("a budget that is exceeded fails with what was spent", () => {
  const cost = { redis: { commands: 9, byCommand: { EVAL: { commands: 2 } } }, kv: { byKey: { "gw:a.b": { writes: 1 } } } };
  assertWithin(cost, { "redis.commands": 9, "redis.byCommand.EVAL.commands": 2, "redis.byCommand.GET.commands": 0 });
  assertWithin(cost, { "kv.byKey.gw:a.b.writes": 1, "kv.byKey.gw:c.writes": 0 });
  assert.throws(() => assertWithin(cost, { "redis.comands": 8 }), /there is no figure redis\.comands/);
  assert.throws(() => assertWithin(cost, { "redis.commands": 8 }), /redis\.commands: 9, the budget is 8/);
  assert.throws(() => assertWithin(cost, { "kv.byKey.gw:a.b.writes": 0 }), /kv\.byKey\.gw:a\.b\.writes: 1, the budget is 0/);
});
