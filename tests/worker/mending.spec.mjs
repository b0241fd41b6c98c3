// What stands in the way and what was left behind: other settings, other invalidations, nonsense, a token that may not write.
// Each is noticed, named, and mended where it can be.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { assertWithin, costOf, quiet } from "./cost.mjs";
import { eventually } from "./harness.mjs";
import { isolatesOver } from "./isolates.mjs";
import { cacheStatus, controlOf, eventsOf, hitOf, statistics } from "./support.mjs";
import { readVectors } from "./vectors.mjs";

const ADMIN_TOKEN = "mending-admin-token";
const PATH = "/models/unique?limit=1000";
const BY_NAME = `${PATH}&sort_by=name&order=asc`;
const { tables, listings } = readVectors("mid");
const models = listings.get("gw:models:unique:filtered:sortprovider_count:desc");

let stack;
const isolates = isolatesOver(() => stack, { vars: { ADMIN_TOKEN } });

before(async () => (stack = await startStack({ tables, kv: true, faults: true })));
after(() => stack?.stop());
beforeEach(() => {
  for (const proxy of Object.values(stack.proxies)) proxy.clear();
  isolates.renew();
});
afterEach(() => isolates.stop());

const redis = (...command) => stack.redis.command(...command);
const edge = (name) => `${isolates.namespace}models:edge:${name}`;
const listing = (name) => `${isolates.namespace}models:unique:filtered:${name}`;
const CLEAR = "/api/system/cache/clear";
const WARM = "/api/system/cache/warm";

function post(worker, path, body) {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  return worker.get(path, { method: "POST", headers, body: body && JSON.stringify(body) });
}

/** A warm run has filled Redis and KV; its isolate. */
async function filled(vars) {
  const worker = await isolates.start(vars);
  assert.equal((await post(worker, WARM)).body.successful, 6);
  await quiet(stack);
  return worker;
}

describe("another deployment's settings", () => {
  const slugsOf = ({ body }) => [...new Set(body.models.flatMap(({ providers }) => providers.map(({ slug }) => slug)))];
  const narrowed = { ENABLED_PROVIDERS: "openai" };

  test("ENABLED_PROVIDERS narrowed on a filled Redis and KV is seen at once, and is no catalog that shrank", async () => {
    const wide = await filled();
    assert.ok(slugsOf(await wide.get(PATH)).length > 5);
    const narrow = await isolates.start(narrowed);
    const first = await narrow.get(PATH);
    assert.equal(first.headers["x-cache"], "MISS");
    assert.deepEqual(slugsOf(first), ["openai"]);
    assert.deepEqual(slugsOf(await narrow.get(BY_NAME)), ["openai"]);
    assert.deepEqual(eventsOf(narrow, "other_configuration").map(({ key }) => key), [edge("version:active")]);
    assert.equal(eventsOf(narrow, "quarantined").length, 0);
    await eventually(async () => (await redis("GET", listing("sortname:asc")))?.includes('"slug":"openai"'), "the publication");
    const published = JSON.parse(await redis("GET", listing("sortname:asc")));
    assert.deepEqual(slugsOf({ body: { models: published } }), ["openai"]);
    const warmed = await post(narrow, WARM);
    assert.equal(warmed.body.error, null);
    assert.equal(warmed.body.published.redis, "renewed");
  });

  test("nor does KV serve them when Redis and the origin are gone", async () => {
    await filled();
    stack.proxies.upstash.set({ fault: "reset" });
    stack.proxies.supabase.set({ fault: "reset" });
    const narrow = await isolates.start(narrowed);
    assert.equal((await narrow.get(PATH)).status, 503);
    const wide = await isolates.start();
    assert.equal((await wide.get(PATH)).headers["x-cache"], "HIT");
  });

  test("a shorter lifetime is no other catalog: what is there is used, with its true age", async () => {
    await filled();
    const worker = await isolates.start({ CACHE_TTL_SECONDS: "300" });
    const answer = await worker.get(PATH);
    assert.equal(hitOf(answer).tier, "upstash");
    assert.ok(Number(answer.headers.age) < 60 && Number(hitOf(answer).ttl) <= 300);
    assert.equal((await post(worker, WARM)).body.error, null, "and published over");
    const left = await redis("PTTL", edge("snapshot:active"));
    assert.ok(left > 240_000 && left <= 300_000, `${left} ms`);
  });
});

describe("a hard clear", () => {
  for (const [what, fault] of Object.entries({ slow: { fault: "latency", ms: 400 }, hung: { fault: "hang" }, dead: { fault: "reset" } })) {
    test(`reaches an isolate born after it that finds Redis ${what}: KV's copy is no hit`, async () => {
      const worker = await filled();
      const cleared = await post(worker, CLEAR, { cache_type: "all" });
      assert.equal(cleared.body.kv_marked, true);
      stack.proxies.upstash.set(fault);
      stack.proxies.supabase.set({ fault: "reset" });
      const fallback = await (await isolates.start()).get(PATH);
      assert.equal(fallback.status, 200, fallback.text);
      assert.equal(fallback.headers["x-cache"], "STALE", "better than nothing");
      stack.proxies.supabase.clear();
      const born = await isolates.start();
      await eventually(async () => {
        const answer = await born.get(PATH);
        assert.deepEqual(answer.body.models, models);
        assert.notEqual(answer.headers["x-cache"], "HIT");
        return answer.headers["x-cache"] === "MISS";
      }, "the end of the back-off");
    });
  }

  test("that cannot reach KV says so, and the next isolate that knows brings KV up to date", async () => {
    const worker = await filled();
    stack.proxies.kv.set({ fault: "status", status: 503, match: "PUT" });
    const cleared = await post(worker, CLEAR, { cache_type: "all" });
    assert.equal(cleared.body.success, true);
    assert.equal(cleared.body.kv_marked, false);
    stack.proxies.kv.clear();
    assert.equal((await worker.cron()).outcome, "ok");
    assert.deepEqual(JSON.parse(await stack.kv.get(edge("marker"))), await controlOf(stack, isolates.namespace));
  });

  test("that fails loses nothing", async () => {
    const worker = await filled();
    await worker.get(PATH);
    for (const proxy of Object.values(stack.proxies)) proxy.set({ fault: "reset" });
    assert.equal((await post(worker, CLEAR, { cache_type: "all" })).status, 503);
    const answer = await worker.get(PATH);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.body.models, models);
  });
});

describe("nonsense in control", () => {
  const NONSENSE = {
    "a number in quotes": ["SET", '"7"'],
    "a number": ["SET", "7"],
    "a negative number": ["SET", '{"epoch":-1,"barrier":0,"barrier_at":0}'],
    "one too long for Lua": ["SET", '{"epoch":99999999999999999,"barrier":0,"barrier_at":0}'],
    "other white space": ["SET", '{"epoch": 7, "barrier": 0, "barrier_at": 0}'],
    "a hash": ["HSET", "a", "b"],
    "a list": ["RPUSH", "a"],
  };
  test("is a record that is missing: everything is served, and who writes next replaces it", async () => {
    for (const [what, [command, ...words]] of Object.entries(NONSENSE)) {
      isolates.renew();
      await redis(command, edge("control"), ...words);
      const worker = await isolates.start();
      assert.equal((await worker.get(PATH)).headers["x-cache"], "MISS", what);
      await eventually(() => redis("EXISTS", listing("sortname:asc")), "the publication");
      const cleared = await post(worker, CLEAR, { cache_type: "all" });
      assert.equal(cleared.status, 200, what);
      const { epoch, barrier } = await controlOf(stack, isolates.namespace);
      assert.deepEqual([epoch, barrier], [cleared.body.epoch, cleared.body.epoch], what);
      assert.ok(eventsOf(worker, "healed").some(({ key }) => key === edge("control")), what);
      assert.equal((await worker.get(PATH)).headers["x-cache"], "MISS", what);
      assert.equal((await statistics(worker, ADMIN_TOKEN)).isolate.breakers.upstash, "closed", what);
      await isolates.stop();
    }
  });
});

test("a sync marker without expiry is named, and obeyed for a quarter of an hour", async () => {
  const marker = `${isolates.namespace}models:sync:in_progress`;
  await redis("SET", marker, "1");
  const worker = await isolates.start();
  assert.deepEqual((await statistics(worker, ADMIN_TOKEN)).overdue, [marker]);
  assert.equal((await worker.get(PATH)).status, 200);
  assert.deepEqual(eventsOf(worker, "overdue").map(({ key }) => key), [marker]);
  const left = await redis("PTTL", marker);
  assert.ok(left > 890_000 && left <= 900_000, `${left} ms`);
  assert.equal((await post(worker, WARM)).body.error, "backend-syncing");
  assert.deepEqual((await statistics(worker, ADMIN_TOKEN)).overdue, []);
  await redis("DEL", marker);
  assert.equal((await post(worker, WARM)).body.error, null, "as soon as it is gone");
});

describe("a token that may only read", () => {
  const readOnly = () => ({ UPSTASH_REDIS_REST_TOKEN: stack.otherSecrets.UPSTASH_READ_ONLY_TOKEN });

  test("is named by warm and clear, and nothing is sent that would be refused again", async () => {
    const worker = await isolates.start(readOnly());
    const cost = await costOf(stack, async () => {
      for (let asked = 0; asked < 120; asked += 1) {
        const minimum = 1 + (asked % 12);
        assert.equal((await worker.get(`${PATH}&min_providers=${minimum}&sort_by=name`)).status, 200);
      }
    });
    assertWithin(cost, { "redis.requests": 4, "redis.bytesUp": 10_000, "origin.loads": 1 });
    const warmed = await costOf(stack, () => post(worker, WARM));
    assert.equal(warmed.result.body.error, "upstash: not-permitted");
    assertWithin(warmed, { "redis.requests": 1, "redis.bytesUp": 10_000 });
    const cleared = await post(worker, CLEAR, { cache_type: "all" });
    assert.equal(cleared.status, 503);
    assert.match(cleared.body.detail, /UPSTASH_REDIS_REST_TOKEN may not write/);
    assert.deepEqual(eventsOf(worker, "publish_paused").map(({ reason }) => reason), ["not-permitted"]);
    const { publishing_paused: paused, breakers } = (await statistics(worker, ADMIN_TOKEN)).isolate;
    assert.equal(paused.reason, "not-permitted");
    assert.ok(paused.remaining_ms > 0 && paused.remaining_ms < 80_000);
    assert.equal(breakers.upstash, "closed", "it answers");
  });

  test("reads what others publish", async () => {
    await filled();
    const worker = await isolates.start(readOnly());
    const cost = await costOf(stack, () => worker.get(PATH));
    assert.equal(hitOf(cost.result).tier, "upstash");
    assertWithin(cost, { "redis.requests": 1, "origin.requests": 0, "kv.requests": 0 });
  });
});

describe("a plan that takes small requests", () => {
  afterEach(() => stack.upstash.limitRequests());
  const sizes = async () => {
    const keys = [edge("snapshot:active"), ...["sortname:asc", "minp5:sortprovider_count:desc"].map(listing)];
    return Promise.all(keys.map((key) => redis("STRLEN", key)));
  };

  test("of a megabyte: each value fits, and each is published", async () => {
    stack.upstash.limitRequests(1_100_000);
    const worker = await isolates.start();
    const warmed = await post(worker, WARM);
    assert.equal(warmed.body.error, null);
    assert.equal(warmed.body.published.redis, "published");
    const [snapshot, byName, ofFive] = await sizes();
    assert.ok(snapshot > 200_000 && byName > 800_000 && ofFive > 600_000, `${[snapshot, byName, ofFive]}`);
    const version = JSON.parse(await redis("GET", edge("version:active")));
    assert.equal(version.place, "redis");
    assert.equal(version.listings, 0b111111);
    assert.ok((await statistics(worker, ADMIN_TOKEN)).isolate.request_bytes_max < 1_100_000);
    assert.equal((await post(worker, WARM)).body.published.redis, "renewed");
    const cost = await costOf(stack, async () => hitOf(await (await isolates.start()).get(PATH)));
    assert.equal(cost.result.tier, "upstash");
  });

  test("of less than a listing: the snapshot fits, and is enough", async () => {
    stack.upstash.limitRequests(400_000);
    const worker = await isolates.start();
    assert.equal((await post(worker, WARM)).body.error, null);
    const [snapshot, ...listed] = await sizes();
    assert.ok(snapshot > 200_000);
    assert.deepEqual(listed, [0, 0]);
    assert.equal(hitOf(await (await isolates.start()).get(PATH)).tier, "upstash");
  });

  test("of less than the snapshot: it is in KV for everyone, and Redis says so", async () => {
    stack.upstash.limitRequests(200_000);
    const worker = await isolates.start();
    assert.equal((await post(worker, WARM)).body.error, null);
    await quiet(stack);
    assert.deepEqual(await sizes(), [0, 0, 0]);
    assert.equal(JSON.parse(await redis("GET", edge("version:active"))).place, "kv");
    const cost = await costOf(stack, async () => (await isolates.start()).get(PATH));
    assert.equal(hitOf(cost.result).tier, "kv", JSON.stringify(cacheStatus(cost.result)));
    assert.deepEqual(cost.result.body.models, models);
    assertWithin(cost, { "origin.requests": 0, "redis.bytesUp": 20_000 });
  });
});
