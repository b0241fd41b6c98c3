// The Lua scripts on a real Redis: the native tests run them on a fake.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { eventually } from "./harness.mjs";
import { eventsOf, NAMESPACE, withWorker } from "./support.mjs";
import { readVectors } from "./vectors.mjs";

const EDGE = `${NAMESPACE}models:edge`;
const SNAPSHOT = `${EDGE}:snapshot:active`;
const LEASE = `${EDGE}:lease:active`;
const ADMIN_TOKEN = "operator";
const SLOW = { fault: "latency", match: /unique_models_provider/, ms: 1_500 };
const authorized = { headers: { authorization: `Bearer ${ADMIN_TOKEN}` }, method: "POST" };

let stack;

before(async () => (stack = await startStack({ tables: readVectors("tiny").tables, faults: true })));
after(() => stack?.stop());
beforeEach(async () => {
  stack.proxies.supabase.clear();
  await stack.redis.command("FLUSHALL");
});

const refusals = (worker) => eventsOf(worker, "publish_refused").map(({ reason }) => reason);

/** A cold request whose load takes a while; `meanwhile` runs when it holds the lease. */
async function duringLoad(worker, meanwhile) {
  stack.proxies.supabase.set(SLOW);
  const asked = worker.get("/models/unique?limit=1");
  await eventually(() => stack.redis.command("EXISTS", LEASE), "the lease");
  await meanwhile();
  assert.equal((await asked).status, 200, "its own request is served all the same");
}

test("publish refuses when something newer is there, and leaves it alone", async () => {
  await withWorker(stack, {}, async (worker) => {
    await duringLoad(worker, () => stack.redis.command("SET", SNAPSHOT, "newer-there", "PX", 1_900_000));
    await eventually(() => refusals(worker).includes("newer-there"), "the refusal");
    assert.equal(await stack.redis.command("GET", SNAPSHOT), "newer-there");
    const listings = await stack.redis.command("KEYS", `${NAMESPACE}models:unique:*`);
    assert.deepEqual(listings, [], "nothing of a refused publication is set");
  });
});

test("publish refuses behind an invalidation's fence", async () => {
  await withWorker(stack, {}, async (worker) => {
    await duringLoad(worker, () => stack.redis.command("SET", `${EDGE}:fence`, "1", "PX", 30_000));
    await eventually(() => refusals(worker).includes("epoch-moved"), "the refusal");
    assert.equal(await stack.redis.command("GET", SNAPSHOT), null);
  });
});

test("release leaves a lease alone that is another's by now", async () => {
  await withWorker(stack, {}, async (worker) => {
    stack.upstash.clearCommands();
    await duringLoad(worker, () => stack.redis.command("SET", LEASE, "another", "PX", 30_000));
    await eventually(() => stack.redis.command("GET", SNAPSHOT), "the publication");
    // The release follows the publication; what would show it is that the lease is gone.
    await eventually(() => stack.upstash.commands.some(({ command }) => command[0] === "DEL"), "the release");
    await eventually(async () => (await stack.redis.command("GET", LEASE)) === "another");
  });
  await stack.redis.command("FLUSHALL");
  await withWorker(stack, {}, async (worker) => {
    await duringLoad(worker, () => {});
    await eventually(async () => (await stack.redis.command("EXISTS", LEASE)) === 0, "the release of its own");
  });
});

test("an invalidation begins the epoch at the time, raises the barrier when hard, and takes its fence down", async () => {
  await withWorker(stack, { ADMIN_TOKEN }, async (worker) => {
    const begun = Date.now();
    const clear = (mode) => worker.get("/api/system/cache/clear", { ...authorized, body: JSON.stringify({ cache_type: "all", mode }) });
    const soft = await clear("soft");
    assert.ok(soft.body.epoch > begun, `${soft.body.epoch} is no time in ms`);
    assert.equal(await stack.redis.command("GET", `${EDGE}:barrier`), null);
    const hard = await clear("hard");
    assert.ok(hard.body.epoch > soft.body.epoch);
    assert.equal(await stack.redis.command("GET", `${EDGE}:epoch`), String(hard.body.epoch));
    assert.equal(await stack.redis.command("GET", `${EDGE}:barrier`), String(hard.body.epoch));
    assert.equal(await stack.redis.command("EXISTS", `${EDGE}:fence`), 0);
  });
});
