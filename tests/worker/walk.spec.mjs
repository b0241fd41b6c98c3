// The walk over the tiers (docs/design.md, "The walk"), one tier after the other: who answers, and who is not even asked.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { eventually } from "./harness.mjs";
import { cacheStatus, hitOf, snapshotLoads, statistics, withWorker } from "./support.mjs";
import { readText, readVectors } from "./vectors.mjs";

const TTL = 1800;
const ADMIN_TOKEN = "walk-admin-token";
const DEFAULT_KEY = "gw:models:unique:filtered:sortprovider_count:desc";
const NAME_KEY = "gw:models:unique:filtered:sortname:asc";
// The last of the keys that follow a load into KV.
const LAST_WRITTEN = "gw:models:unique:filtered:sortcheapest_price:asc";
const BY_NAME = "/models/unique?sort_by=name&order=asc";

const { tables, listings } = readVectors("tiny");
let stack;

before(async () => (stack = await startStack({ tables })));
after(() => stack?.stop());
beforeEach(async () => {
  await stack.redis.command("FLUSHALL");
  stack.supabase.clearRequests();
  stack.upstash.clearCommands();
});

test("memory: page 2 of a variant hits where page 1 missed", async () => {
  await withWorker(stack, {}, async (worker) => {
    const first = await worker.get("/models/unique?limit=10");
    assert.equal(first.headers["x-cache"], "MISS");
    assert.equal(first.headers["cache-status"], "kv; fwd=miss, upstash; fwd=miss, memory; fwd=miss; stored");
    const second = await worker.get("/models/unique?limit=10&offset=10");
    assert.equal(second.headers["x-cache"], "HIT");
    const [member, ...others] = cacheStatus(second);
    assert.deepEqual(others, [], "no other tier is asked");
    assert.equal(member.tier, "memory");
    assert.equal(member.hit, true);
    assert.equal(member.key, DEFAULT_KEY);
    assert.ok(Number(member.ttl) > TTL - 60 && Number(member.ttl) <= TTL, member.ttl);
    assert.deepEqual(second.body.models, listings.get(DEFAULT_KEY).slice(10, 20));
  });
});

test("memory: a custom combination is derived, without the origin, and published for the others", async () => {
  await withWorker(stack, {}, async (worker) => {
    await worker.get("/models/unique");
    const before = stack.supabase.requests.length;
    const custom = await worker.get("/models/unique?min_providers=4&sort_by=name&order=asc");
    assert.equal(stack.supabase.requests.length, before);
    assert.equal(custom.headers["x-cache"], "HIT");
    const hit = hitOf(custom);
    assert.equal(hit.tier, "memory");
    assert.equal(hit.detail, "derived");
    const expected = listings.get(NAME_KEY).filter((model) => model.provider_count >= 4);
    assert.deepEqual(custom.body.models, expected);
    const key = "gw:models:unique:filtered:minp4:sortname:asc";
    const text = await eventually(() => stack.redis.command("GET", key), "publication");
    assert.deepEqual(JSON.parse(text), expected);
    assert.ok((await stack.redis.command("PTTL", key)) <= TTL * 1000);
  });
});

test("upstash: another isolate finds what the first one published", async () => {
  await withWorker(stack, {}, async (first) => {
    await first.get("/models/unique");
    await eventually(() => stack.redis.command("GET", NAME_KEY), "publication");
  });
  assert.equal(snapshotLoads(stack), 1);
  await withWorker(stack, {}, async (second) => {
    const answer = await second.get(BY_NAME);
    assert.equal(answer.headers["x-cache"], "HIT");
    const [upstash, memory, ...others] = cacheStatus(answer);
    assert.equal(upstash.tier, "upstash");
    assert.equal(upstash.hit, true);
    assert.equal(upstash.key, NAME_KEY);
    assert.deepEqual(memory, { tier: "memory", fwd: "miss", stored: true });
    assert.deepEqual(others, [], "KV is not asked");
    assert.deepEqual(answer.body.models, listings.get(NAME_KEY));
    assert.equal(hitOf(await second.get(BY_NAME)).tier, "memory");
  });
  assert.equal(snapshotLoads(stack), 1);
});

test("kv: what Redis lost is served from KV and promoted to Redis, with its true age", async () => {
  await withWorker(stack, {}, async (worker) => {
    const age = 60;
    const metadata = { v: 1, at: Date.now() - age * 1000, epoch: null, n: listings.get(NAME_KEY).length, hash: 1 };
    await (await worker.kv()).put(NAME_KEY, JSON.stringify(listings.get(NAME_KEY)), { metadata });
    const answer = await worker.get(BY_NAME);
    assert.equal(answer.headers["x-cache"], "HIT");
    assert.deepEqual(cacheStatus(answer).map(({ tier }) => tier), ["kv", "upstash", "memory"]);
    assert.equal(hitOf(answer).tier, "kv");
    assert.deepEqual(answer.body.models, listings.get(NAME_KEY));
    assertAbout(Number(answer.headers.age), age);
    await eventually(() => stack.redis.command("GET", NAME_KEY), "promotion");
    assertAbout(TTL - (await stack.redis.command("TTL", NAME_KEY)), age);
    assert.deepEqual(stack.supabase.requests, []);
  });
});

test("kv: the Worker's own copy answers while Redis cannot be reached", async () => {
  await withWorker(stack, { MEMORY_MAX_BYTES: "0" }, async (worker) => {
    await worker.get("/models/unique");
    const kv = await worker.kv();
    const { metadata } = await eventually(async () => {
      const found = await kv.getWithMetadata(NAME_KEY);
      return found.value && found;
    }, "write to KV");
    assert.equal(metadata.v, 1);
    assert.equal(metadata.n, listings.get(NAME_KEY).length);
    assert.equal(metadata.epoch, Number(await stack.redis.command("GET", "gw:models:edge:epoch")));
    await stack.upstash.stop();
    try {
      const answer = await worker.get(BY_NAME);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers["x-cache"], "HIT");
      assert.equal(hitOf(answer).tier, "kv");
      // Which failure a refused connection is depends on what stands between workerd and the network.
      const { detail } = cacheStatus(answer).find(({ tier }) => tier === "upstash");
      assert.match(detail, /^(unreachable|error)$/);
      assert.deepEqual(answer.body.models, listings.get(NAME_KEY));
      assert.equal(snapshotLoads(stack), 1);
    } finally {
      await stack.upstash.start();
    }
  });
});

describe("values of the backend", () => {
  for (const [key, path, ttl] of [
    [NAME_KEY, BY_NAME, 1800],
    [DEFAULT_KEY, "/models/unique", 1500],
  ]) {
    test(`${key}, written with Python's json and living for ${ttl} s`, async () => {
      const text = readText(`tiny/expected_raw_stdlib/${key}.json`);
      assert.match(text, /", "/, "spaced as Python's json does");
      await stack.redis.command("SETEX", key, ttl, text);
      await withWorker(stack, {}, async (worker) => {
        const answer = await worker.get(path);
        assert.equal(answer.status, 200);
        assert.equal(answer.headers["x-cache"], "HIT");
        const hit = hitOf(answer);
        assert.equal(hit.tier, "upstash");
        assert.equal(hit.key, key);
        assertAbout(Number(answer.headers.age), TTL - ttl);
        assertAbout(TTL - Number(hit.ttl), TTL - ttl);
        assert.deepEqual(answer.body.models, JSON.parse(text));
        const page = await worker.get(`${path}${path.includes("?") ? "&" : "?"}limit=7&offset=3`);
        assert.deepEqual(page.body.models, JSON.parse(text).slice(3, 10));
        assert.deepEqual(stack.supabase.requests, []);
        assert.equal(await stack.redis.command("GET", key), text, "left as it was");
      });
    });
  }
});

describe("corrupt values are counted misses", () => {
  const whole = JSON.stringify(listings.get(NAME_KEY));
  const CORRUPT = {
    truncated: whole.slice(0, whole.length / 2),
    "a list cut after a model": whole.slice(0, -1),
    NaN: whole.replace(/"cheapest_prompt_price":[^,}]+/, '"cheapest_prompt_price":NaN'),
    "a string": '"text"',
    "a list of numbers": "[1,2]",
    "an object": '{"models":[]}',
    "models without providers": '[{"id":"a","name":"A"}]',
    empty: "",
  };

  test("in Redis, and are replaced", async () => {
    // Without memory every request walks.
    await withWorker(stack, { MEMORY_MAX_BYTES: "0", ADMIN_TOKEN }, async (worker) => {
      let counted = 0;
      for (const [what, text] of Object.entries(CORRUPT)) {
        await stack.redis.command("SET", NAME_KEY, text);
        await assertMissed(worker, "upstash", what, (counted += 1));
        await replaced();
      }
      await stack.redis.command("DEL", NAME_KEY);
      await stack.redis.command("HSET", NAME_KEY, "a", "b");
      await assertMissed(worker, "upstash", "a hash", (counted += 1));
      await replaced();
    });
  });

  async function replaced() {
    const whole = async () => {
      const type = await stack.redis.command("TYPE", NAME_KEY);
      return type === "string" && (await stack.redis.command("GET", NAME_KEY)).endsWith("}]");
    };
    await eventually(whole, "replacement");
    assert.deepEqual(JSON.parse(await stack.redis.command("GET", NAME_KEY)), listings.get(NAME_KEY));
  }

  test("in KV", async () => {
    await withWorker(stack, { MEMORY_MAX_BYTES: "0", ADMIN_TOKEN }, async (worker) => {
      await stack.upstash.stop();
      try {
        const kv = await worker.kv();
        await worker.get("/models/unique");
        await eventually(() => kv.get(LAST_WRITTEN), "write to KV");
        const metadata = { v: 1, at: Date.now(), epoch: null, n: 1, hash: 1 };
        let counted = 0;
        for (const [what, text] of Object.entries(CORRUPT)) {
          await kv.put(NAME_KEY, text, { metadata });
          await assertMissed(worker, "kv", what, (counted += 1));
        }
        await kv.put(NAME_KEY, whole, { metadata: { ...metadata, v: 2 } });
        await assertMissed(worker, "kv", "a format of another version", (counted += 1));
        await kv.put(NAME_KEY, whole);
        await assertMissed(worker, "kv", "no metadata", (counted += 1));
      } finally {
        await stack.upstash.start();
      }
    });
  });

  async function assertMissed(worker, tier, what, counted) {
    const answer = await worker.get(BY_NAME);
    assert.equal(answer.status, 200, what);
    assert.deepEqual(answer.body.models, listings.get(NAME_KEY), what);
    const hit = hitOf(answer);
    assert.ok(hit?.tier !== tier || hit.key !== NAME_KEY, what);
    const { isolate } = await statistics(worker, ADMIN_TOKEN);
    assert.equal(isolate.corrupt, counted, what);
  }
});

// Seconds pass while a test runs; a wrong base is off by minutes.
function assertAbout(actual, expected) {
  assert.ok(actual >= expected && actual <= expected + 30, `${actual} is not about ${expected}`);
}
