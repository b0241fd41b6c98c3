// What the isolates of a data center leave each other, in workerd over a cache service that can be slow, hang, fail, cut,
// forget and give what was replaced: commands and bytes are counted by the servers.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startColo } from "../../dev/stack/colo/server.mjs";
import { startFaultProxy } from "../../dev/stack/faults/proxy.mjs";
import { startStack } from "../../dev/stack/index.mjs";
import { assertWithin, costOf, quiet } from "./cost.mjs";
import { eventually, startWorker } from "./harness.mjs";
import { isolatesOver } from "./isolates.mjs";
import { cacheStatus, hitOf, statistics } from "./support.mjs";
import { readVectors } from "./vectors.mjs";
import { startWorkerd } from "./workerd.mjs";

const ADMIN_TOKEN = "data-centers-admin-token";
const PATH = "/models/unique?limit=10";
// What was told is an answer for a second then.
const SHORT = { MEMORY_TTL_SECONDS: "6" };
const SHORT_LIFE_MS = 1_300;
const { tables } = readVectors("mid");

let stack;
let here;
let proxy;
before(async () => {
  stack = await startStack({ tables, kv: true });
  here = await startColo();
  proxy = await startFaultProxy({ target: here.url });
});
after(async () => {
  for (const server of [proxy, here, stack]) await server?.stop();
});

const isolates = isolatesOver(() => stack, {
  vars: { ADMIN_TOKEN },
  // Where the isolate is: `colo` is no setting of the Worker's.
  start: (over, { colo = here.url, ...vars }, options) => startWorkerd(over, vars, { ...options, coloUrl: colo ?? undefined }),
});
beforeEach(() => {
  isolates.renew();
  proxy.clear();
  proxy.clearRequests();
  here.forget();
  here.thaw();
  here.requests.length = 0;
});
afterEach(() => isolates.stop());

const born = (colo = here.url, vars = {}) => isolates.start({ colo, ...vars });
const tierOf = async (worker) => hitOf(await worker.get(PATH)).tier;
const stateOf = async (worker) => (await statistics(worker, ADMIN_TOKEN)).isolate.colo.state;
const toldOf = (colo) => [...colo.entries.keys()].find((name) => name.endsWith("/told"));
const snapshotOf = (colo) => [...colo.entries.keys()].find((name) => name.includes("/snapshot/"));

async function clear(worker) {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" };
  const answer = await worker.get("/api/system/cache/clear", { method: "POST", headers, body: '{"cache_type":"all"}' });
  assert.equal(answer.status, 200, answer.text);
}

/** A cron run elsewhere has filled Redis and KV. */
async function filled() {
  const cron = await born(null);
  assert.equal((await cron.cron()).outcome, "ok");
  await quiet(stack);
}

describe("four isolates of one data center", () => {
  test("born one after another read the snapshot from Redis once", async () => {
    await filled();
    const first = await costOf(stack, async () => tierOf(await born()));
    assert.equal(first.result, "upstash");
    assertWithin(first, { "redis.requests": 1, "redis.commands": 1, "redis.bytesDown": 260_000 });
    const others = await costOf(stack, async () => [await tierOf(await born()), await tierOf(await born()), await tierOf(await born())]);
    assert.deepEqual(others.result, ["colo", "colo", "colo"]);
    assertWithin(others, { "redis.requests": 0, "kv.requests": 0, "origin.requests": 0 });
  });

  test("that were told nothing for long ask Redis for no snapshot that is there", async () => {
    await filled();
    await tierOf(await born(here.url, SHORT));
    await quiet(stack);
    await sleep(SHORT_LIFE_MS);
    const cost = await costOf(stack, async () => tierOf(await born(here.url, SHORT)));
    assertWithin(cost, { "redis.requests": 1, "redis.commands": 1, "redis.bytesDown": 1_000, "kv.requests": 0 });
  });
});

test("what is older than a clear brings nothing back", async () => {
  await filled();
  const operator = await born(here.url, SHORT);
  await operator.get(PATH);
  await quiet(stack);
  here.freeze();
  await clear(operator);
  await sleep(SHORT_LIFE_MS);
  const answer = await (await born(here.url, SHORT)).get(PATH);
  assert.equal(answer.headers["x-cache"], "MISS", JSON.stringify(answer.headers));
});

describe("a data center's cache that", () => {
  const broken = {
    hangs: { fault: "hang" },
    "is slow": { fault: "latency", ms: 3_000 },
    resets: { fault: "reset" },
    "fails with 500": { fault: "status", status: 500 },
    "breaks off": { fault: "reset-body" },
    "is cut": { fault: "truncate" },
    "answers garbage": { fault: "garbage" },
  };
  for (const [what, fault] of Object.entries(broken)) {
    test(`${what} changes nothing but the cost, and is asked no more than a few times`, async () => {
      await filled();
      await tierOf(await born());
      await quiet(stack);
      proxy.set(fault);
      here.requests.length = 0;
      const worker = await born(proxy.url);
      const begun = performance.now();
      const first = await worker.get(PATH);
      assert.equal(first.headers["x-cache"], "HIT", JSON.stringify(first.headers));
      assert.ok(performance.now() - begun < 2_000);
      for (let n = 0; n < 40; n += 1) assert.equal(await tierOf(worker), "memory");
      await quiet(stack);
      assert.ok(proxy.requests.length <= 10, `${proxy.requests.length} questions`);
      proxy.clear();
      assert.equal(await tierOf(await born()), "colo", "what the others left is whole");
    });
  }

  test("is none is found out once, and said in stats", async () => {
    await filled();
    const worker = await born(null);
    await worker.get(PATH);
    await quiet(stack);
    assert.equal(await stateOf(worker), "missing");
    assert.deepEqual(worker.events().filter(({ event }) => event === "tier_error"), [], "it is as it should be");
  });

  test("is switched off is not asked", async () => {
    await filled();
    here.requests.length = 0;
    const worker = await isolates.start({ colo: here.url, COLO_CACHE: "off" });
    assert.deepEqual(cacheStatus(await worker.get(PATH)).map(({ tier }) => tier), ["upstash", "memory"]);
    await quiet(stack);
    assert.equal(here.requests.length, 0);
    assert.equal(await stateOf(worker), "off");
  });

  test("has a value of another format, or a cut one, is a miss that is left anew", async () => {
    await filled();
    await tierOf(await born());
    await quiet(stack);
    for (const nameOf of [toldOf, snapshotOf]) {
      for (const body of ["", "{}", '{"v":99}\nnothing', here.entries.get(nameOf(here)).body.subarray(0, 300)]) {
        here.entries.get(nameOf(here)).body = Buffer.from(body);
        const worker = await born();
        assert.equal((await worker.get(PATH)).headers["x-cache"], "HIT");
        await eventually(() => here.entries.get(nameOf(here)).body.length > 300, "what is whole is left anew");
        await quiet(stack);
        assert.equal(await tierOf(await born()), "colo");
      }
    }
  });
});

test("a digit that was changed in what is told is not believed", async () => {
  await filled();
  await tierOf(await born());
  await quiet(stack);
  const told = here.entries.get(toldOf(here));
  told.body = Buffer.from(told.body.toString().replace(/"epoch":\d+/, '"epoch":999999999999999'));
  const worker = await born();
  await worker.get(PATH);
  assert.equal((await statistics(worker, ADMIN_TOKEN)).isolate.epoch, 0);
});

test("wrangler's own cache is one", async () => {
  const worker = await startWorker(stack, { CACHE_NAMESPACE: isolates.namespace, ADMIN_TOKEN });
  try {
    await worker.get(PATH);
    await eventually(async () => (await stateOf(worker)) === "present", "the data center's cache");
  } finally {
    await worker.stop();
  }
});
