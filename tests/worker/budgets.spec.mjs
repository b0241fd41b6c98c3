// What a piece of work may cost, counted by the servers that are asked: requests, commands, bytes.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startStack } from "../../dev/stack/index.mjs";
import { assertWithin, costOf, quiet } from "./cost.mjs";
import { eventually } from "./harness.mjs";
import { isolatesOver } from "./isolates.mjs";
import { eventsOf, hitOf, statistics } from "./support.mjs";
import { readVectors } from "./vectors.mjs";

const ADMIN_TOKEN = "budgets-admin-token";
const PATH = "/models/unique?limit=10";
const SIX = ["", "&min_providers=2", "&min_providers=3", "&min_providers=5", "&sort_by=name&order=asc", "&sort_by=cheapest_price&order=asc"];
const COMBINATIONS = ["provider_count", "name", "cheapest_price"].flatMap((sort) =>
  ["asc", "desc"].flatMap((order) =>
    ["", "&min_providers=1", "&min_providers=2", "&min_providers=3", "&min_providers=4", "&min_providers=5"].map(
      (minimum) => `${PATH}&sort_by=${sort}&order=${order}${minimum}`,
    ),
  ),
);
const EXTEND = "if redis.pcall('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE'";
const { tables } = readVectors("mid");

let stack;
const isolates = isolatesOver(() => stack, { vars: { ADMIN_TOKEN } });

before(async () => (stack = await startStack({ tables, kv: true, faults: true })));
after(() => stack?.stop());
beforeEach(() => {
  for (const proxy of Object.values(stack.proxies)) proxy.clear();
  isolates.renew();
});
afterEach(() => isolates.stop());

const key = (name) => `${isolates.namespace}models:edge:${name}`;

// The key of the listing that a path is a page of.
function listingOf(path) {
  const query = new URL(path, "http://catalog").searchParams;
  const minimum = query.has("min_providers") ? `minp${query.get("min_providers")}:` : "";
  return `${isolates.namespace}models:unique:filtered:${minimum}sort${query.get("sort_by")}:${query.get("order")}`;
}
const cron = (worker) => costOf(stack, () => worker.cron());
// A load that takes its time says every 0.8 s that it lives, on a busy machine now and then.
const beats = () => stack.upstash.commands.filter(({ command }) => /^EVAL$/.test(command[0]) && command[1].startsWith(EXTEND)).length;
// The claim, the publication with the lease's return, the report.
const warmRequests = () => 3 + beats();

/** A cron run has filled Redis and KV; its isolate. */
async function filled(vars) {
  const worker = await isolates.start(vars);
  assert.equal((await worker.cron()).outcome, "ok");
  await quiet(stack);
  return worker;
}

describe("a cold isolate's first request", () => {
  test("is one request of Redis, whatever is kept warm", async () => {
    await filled();
    for (const query of SIX) {
      const worker = await isolates.start();
      const cost = await costOf(stack, () => worker.get(PATH + query));
      assert.equal(hitOf(cost.result).tier, "upstash", query);
      assertWithin(cost, { "redis.requests": 1, "redis.commands": 4, "redis.bytesUp": 1_000, "kv.requests": 0, "origin.requests": 0 });
    }
  });

  test("is one request, for a listing that nobody keeps warm; behind it one look and one publication", async () => {
    await filled();
    const cold = () => isolates.start().then((worker) => costOf(stack, () => worker.get(`${PATH}&min_providers=4&sort_by=name`)));
    const cost = await cold();
    assert.equal(hitOf(cost.result).detail, "derived");
    assertWithin(cost, { "redis.requests": 3, "redis.commands": 3, "redis.byCommand.EVAL.commands": 1, "kv.requests": 0, "origin.requests": 0 });
  });

  test("with nothing anywhere is one load, published once", async () => {
    const worker = await isolates.start();
    const cost = await costOf(stack, () => worker.get(PATH));
    assert.equal(cost.result.headers["x-cache"], "MISS");
    // The snapshot, the listing's own key, the claim, the publication with the lease's return, control once more for the
    // marker; in KV two reads, a list, the marker and seven values.
    assertWithin(cost, { "redis.requests": 5 + beats(), "redis.commands": 6 + beats(), "kv.reads": 2, "kv.lists": 1, "kv.writes": 8, "origin.loads": 1 });
  });
});

describe("memory", () => {
  test("answers every combination from one text, and each listing is published once", async () => {
    const worker = await filled();
    const first = await costOf(stack, async () => {
      for (const path of COMBINATIONS) assert.equal((await worker.get(path)).headers["x-cache"], "HIT", path);
    });
    // Six of them are kept warm already; which of the others are there is looked at once in five seconds.
    assertWithin(first, { "redis.requests": COMBINATIONS.length - 4, "redis.commands": COMBINATIONS.length - 4, "kv.requests": 0, "origin.requests": 0 });
    // Of a small catalog this may be many times its snapshot; that bounds it where the catalog is large.
    const { bytes } = (await statistics(worker, ADMIN_TOKEN)).isolate.variants[0];
    const published = Number((await stack.redis.command("GET", key("derived:active"))).split(" ")[1]);
    assert.ok(published <= Math.max(4 * bytes, 16_000_000), `${published} bytes of listings of a snapshot of ${bytes}`);
    assertWithin(first, { "redis.bytesUp": 1.3 * (published + bytes) });
    const again = await costOf(stack, () => Promise.all([...COMBINATIONS, ...COMBINATIONS].map((path) => worker.get(path))));
    assertWithin(again, { "redis.requests": 0, "kv.requests": 0, "origin.requests": 0 });
    // Another isolate asks what was published, and sends none of it again. All of them are a little more than may be derived, so that which
    // ones were depends on how they came together.
    const there = [];
    for (const path of COMBINATIONS) if (await stack.redis.command("EXISTS", listingOf(path))) there.push(path);
    assert.ok(there.length > 20, `${there.length} listings`);
    const other = await isolates.start();
    const others = await costOf(stack, async () => {
      for (const path of there) await other.get(path);
    });
    assertWithin(others, { "redis.requests": 4, "redis.bytesUp": 20_000, "kv.requests": 0, "origin.requests": 0 });
  });

  test("with room for little more than the snapshot uploads no listing twice", async () => {
    const { bytes } = (await statistics(await filled(), ADMIN_TOKEN)).isolate.variants[0];
    const worker = await isolates.start({ MEMORY_MAX_BYTES: String(Math.round(bytes * 1.1)) });
    const cost = await costOf(stack, async () => {
      for (let asked = 0; asked < 60; asked += 1) assert.equal((await worker.get(PATH + SIX[asked % 6])).status, 200);
    });
    assertWithin(cost, { "redis.requests": 1, "kv.requests": 0, "origin.requests": 0 });
  });

  test("past the revalidation window: 200 requests at once ask as one", async () => {
    const worker = await isolates.start({ CACHE_TTL_SECONDS: "1", REVALIDATE_SECONDS: "0" });
    await worker.get(PATH);
    await quiet(stack);
    await sleep(1_100);
    stack.proxies.supabase.set({ fault: "latency", ms: 200, match: "unique_models_provider" });
    const paths = Array.from({ length: 200 }, (_, index) => COMBINATIONS[index % COMBINATIONS.length]);
    const cost = await costOf(stack, () => Promise.all(paths.map((path) => worker.get(path))), { settle: false });
    for (const { status } of cost.result) assert.equal(status, 200);
    assertWithin(cost, { "redis.requests": 20, "kv.requests": 10, "origin.loads": 1 });
  });
});

describe("a warm run", () => {
  afterEach(() => stack.database.query("update models set description = regexp_replace(description, ' changed$', '')"));

  test("that finds nothing new sends no bytes and writes nothing to KV", async () => {
    const worker = await filled();
    for (let run = 0; run < 2; run += 1) {
      const cost = await cron(worker);
      assertWithin(cost, { "redis.requests": warmRequests(), "redis.bytesUp": 10_000, "redis.bytesDown": 5_000, "kv.writes": 0, "kv.requests": 1, "origin.loads": 1 });
    }
    const { last_warm: warm } = await statistics(worker, ADMIN_TOKEN);
    assert.equal(warm.published.redis, "renewed");
    assert.equal(warm.successful, 6);
    // Nor does it cost those who hold the same anything.
    const other = await isolates.start({ MEMORY_TTL_SECONDS: "1" });
    await other.get(PATH);
    await cron(worker);
    await sleep(1_100);
    const check = await costOf(stack, () => other.get(PATH));
    assert.equal(check.result.headers["x-cache"], "HIT");
    assertWithin(check, { "redis.requests": 1, "redis.commands": 1, "redis.bytesDown": 1_000, "kv.requests": 0 });
    assert.ok(Number((await other.get(PATH)).headers.age) <= 2, "it is as young as the run");
  });

  test("from an isolate that knows nothing costs the same", async () => {
    await filled();
    const cost = await cron(await isolates.start());
    assertWithin(cost, { "redis.requests": warmRequests(), "redis.bytesUp": 10_000, "redis.bytesDown": 5_000, "kv.writes": 0, "origin.loads": 1 });
  });

  test("that finds something new sends it once, and KV is spared for a quarter of an hour", async () => {
    const worker = await filled();
    await stack.database.query("update models set description = description || ' changed' where id = (select min(id) from models where is_active)");
    const cost = await cron(worker);
    assertWithin(cost, { "redis.requests": warmRequests(), "kv.writes": 0, "origin.loads": 1 });
    const values = (await statistics(worker, ADMIN_TOKEN)).last_warm;
    assert.equal(values.published.redis, "published");
    assert.equal(values.changes.changed, 1);
    const { bytes } = (await statistics(worker, ADMIN_TOKEN)).isolate.variants[0];
    // The snapshot and six listings, of which none is larger, with their quotes escaped.
    assertWithin(cost, { "redis.bytesUp": bytes * 7 * 1.25 });
  });

  test("after an invalidation writes KV again", async () => {
    const worker = await filled();
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const clear = await costOf(stack, () => worker.get("/api/system/cache/clear", { method: "POST", headers, body: '{"cache_type":"all"}' }));
    assert.equal(clear.result.status, 200);
    // The invalidation, control once more when KV's marker is written, and a scan of what little there is.
    assertWithin(clear, { "redis.byCommand.EVAL.commands": 2, "redis.requests": 3, "kv.writes": 1, "kv.reads": 1, "origin.requests": 0 });
    const cost = await cron(worker);
    assertWithin(cost, { "redis.requests": warmRequests(), "kv.writes": 7, "origin.loads": 1 });
  });
});

describe("a lease whose holder died", () => {
  for (const [what, expiry] of [
    ["that lasts ten seconds more", ["PX", "10000"]],
    ["that never expires", []],
  ]) {
    test(`${what} costs a cold request less than three seconds`, async () => {
      await stack.redis.command("SET", key("lease:active"), "of somebody dead", ...expiry);
      const worker = await isolates.start();
      stack.proxies.supabase.set({ fault: "latency", ms: 100, match: "unique_models_provider" });
      const alone = (await costOf(stack, () => worker.get(`${PATH}&include_inactive=true`))).ms;
      const cost = await costOf(stack, () => worker.get(PATH));
      assert.equal(cost.result.status, 200);
      assert.equal(cost.result.headers["x-cache"], "MISS");
      assert.ok(cost.ms < alone + 3_000, `${cost.ms} ms, and ${alone} ms without it`);
      assertWithin(cost, { "redis.requests": 12 + beats(), "redis.commands": 14 + beats(), "origin.loads": 1 });
      await eventually(() => stack.redis.command("EXISTS", key("snapshot:active")), "the publication");
    });
  }
});

describe("Redis that cannot be reached", () => {
  for (const [what, marked, loads] of [
    ["costs one load a lifetime, which KV shares", true, 1],
    ["and never was, so that nobody knows what was invalidated: one load a lifetime and isolate", false, 2],
  ]) {
    test(what, async () => {
      const vars = { CACHE_TTL_SECONDS: "20", MEMORY_TTL_SECONDS: "1" };
      if (marked) await stack.kv.put(key("marker"), JSON.stringify({ epoch: 0, barrier: 0, barrier_at: 0 }));
      stack.proxies.upstash.set({ fault: "reset" });
      const [one, other] = [await isolates.start(vars), await isolates.start(vars)];
      const cost = await costOf(stack, async () => {
        await one.get(PATH);
        await quiet(stack);
        await other.get(PATH);
        const end = Date.now() + 2_500;
        while (Date.now() < end) {
          for (const worker of [one, other]) assert.equal((await worker.get(PATH)).headers["x-cache"], "HIT");
          await sleep(50);
        }
      });
      assertWithin(cost, { "origin.loads": loads });
    });
  }
});

describe("the backend writing its tables", () => {
  test("is one load a minute for all isolates together; what is stale is served meanwhile", async () => {
    await filled({ CACHE_TTL_SECONDS: "1" });
    await sleep(1_100);
    await stack.redis.command("SET", `${isolates.namespace}models:sync:in_progress`, "1", "EX", "60");
    const vars = { CACHE_TTL_SECONDS: "1", MEMORY_TTL_SECONDS: "1" };
    const three = await Promise.all([1, 2, 3].map(() => isolates.start(vars)));
    const cost = await costOf(stack, async () => {
      const end = Date.now() + 5_000;
      while (Date.now() < end) {
        for (const worker of three) assert.equal((await worker.get(PATH)).status, 200);
        await sleep(100);
      }
    });
    assertWithin(cost, { "origin.loads": 1 });
    assert.equal(three.flatMap((worker) => eventsOf(worker, "cache_set")).length, 0, "nothing is published");
  });
});
