// The walk over the tiers (docs/design.md, "The walk"), one tier after the other: who answers, and who is not even asked.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { eventually } from "./harness.mjs";
import { cacheStatus, controlOf, hitOf, publishedSnapshot, snapshotLoads, snapshotValue, statistics, withWorker } from "./support.mjs";
import { readText, readVectors } from "./vectors.mjs";

const TTL = 1800;
const ADMIN_TOKEN = "walk-admin-token";
const DEFAULT_KEY = "gw:models:unique:filtered:sortprovider_count:desc";
const NAME_KEY = "gw:models:unique:filtered:sortname:asc";
const SNAPSHOT = "gw:models:edge:snapshot:active";
// The last of the keys that follow a load into KV.
const LAST_WRITTEN = "gw:models:unique:filtered:sortcheapest_price:asc";
const BY_NAME = "/models/unique?sort_by=name&order=asc";

const { tables, listings } = readVectors("tiny");
let stack, published;

before(async () => {
  stack = await startStack({ tables });
  published = await publishedSnapshot(stack);
});
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
    const header = { ...published.header, at: Date.now() - age * 1000 };
    await (await worker.kv()).put(SNAPSHOT, snapshotValue({ ...published, header }), { metadata: header });
    const answer = await worker.get(BY_NAME);
    assert.equal(answer.headers["x-cache"], "HIT");
    assert.deepEqual(cacheStatus(answer).map(({ tier }) => tier), ["kv", "upstash", "memory"]);
    assert.equal(hitOf(answer).tier, "kv");
    assert.deepEqual(answer.body.models, listings.get(NAME_KEY));
    assertAbout(Number(answer.headers.age), age);
    for (const key of [SNAPSHOT, DEFAULT_KEY, NAME_KEY]) {
      await eventually(() => stack.redis.command("EXISTS", key), "promotion");
      assertAbout(TTL - (await stack.redis.command("TTL", key)), age);
    }
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
    assert.equal(metadata.v, 2);
    assert.equal(metadata.n, listings.get(NAME_KEY).length);
    assert.equal(metadata.epoch, (await controlOf(stack)).epoch);
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
  const spoilt = (text) => {
    const half = text.slice(0, text.length / 2);
    return {
      truncated: half,
      "a list cut after a model": text.slice(0, -1),
      NaN: text.replace(/"cheapest_prompt_price":[^,}]+/, '"cheapest_prompt_price":NaN'),
      "a string": '"text"',
      "a list of numbers": "[1,2]",
      "an object": '{"models":[]}',
      "models without providers": '[{"id":"a","name":"A"}]',
    };
  };

  // Under the header of the whole text, under one that says of the spoilt text how long it is, and without one.
  function spoiltSnapshots(header) {
    const whole = snapshotValue({ header, text: published.text });
    const cases = { empty: "", "no header": published.text, "cut in its header": whole.slice(0, 40) };
    cases["the format of another edition"] = snapshotValue({ header: { ...header, v: 1 }, text: published.text });
    cases["another text than its header says"] = whole.replace(/"name":"[A-Za-z]/, '"name":"~');
    for (const [what, text] of Object.entries(spoilt(published.text))) {
      cases[what] = snapshotValue({ header, text });
      cases[`${what}, of its length`] = snapshotValue({ header: { ...header, bytes: Buffer.byteLength(text) }, text });
    }
    return cases;
  }

  test("snapshots in Redis, and are replaced by KV's", async () => {
    // Without memory every request walks.
    await withWorker(stack, { MEMORY_MAX_BYTES: "0", ADMIN_TOKEN }, async (worker) => {
      const kv = await worker.kv();
      await worker.get(BY_NAME);
      await eventually(() => kv.get(LAST_WRITTEN), "write to KV");
      let counted = 0;
      for (const [what, value] of Object.entries(spoiltSnapshots(published.header))) {
        await stack.redis.command("SET", SNAPSHOT, value, "KEEPTTL");
        await assertMissed(worker, "upstash", what, (counted += 1));
        await replaced(what);
      }
      assert.equal(snapshotLoads(stack), 1);
    });
  });

  test("snapshots in Redis, and are replaced by the origin's", async () => {
    await withWorker(stack, { MEMORY_MAX_BYTES: "0", ADMIN_TOKEN }, async (worker) => {
      const kv = await worker.kv();
      await worker.get(BY_NAME);
      await eventually(() => kv.get(LAST_WRITTEN), "write to KV");
      await kv.delete(SNAPSHOT);
      await stack.redis.command("SET", SNAPSHOT, "nonsense", "KEEPTTL");
      await assertMissed(worker, "upstash", "with the expiry of what was there", 1);
      await replaced("with the expiry of what was there");
      await stack.redis.command("DEL", SNAPSHOT);
      await stack.redis.command("HSET", SNAPSHOT, "a", "b");
      assert.equal((await worker.get(BY_NAME)).status, 200, "a hash is no value");
      await replaced("a hash");
    });
  });

  test("listings in Redis, and are replaced", async () => {
    await withWorker(stack, { MEMORY_MAX_BYTES: "0", ADMIN_TOKEN }, async (worker) => {
      let counted = 0;
      const setHash = () => stack.redis.command("HSET", NAME_KEY, "a", "b");
      const set = (text) => stack.redis.command("SET", NAME_KEY, text, "PX", TTL * 1000);
      const cases = { ...spoilt(JSON.stringify(listings.get(NAME_KEY))), empty: "", "a hash": undefined };
      for (const [what, text] of Object.entries(cases)) {
        await stack.redis.command("FLUSHALL");
        await (await worker.kv()).delete(SNAPSHOT);
        await (text === undefined ? setHash() : set(text));
        await assertMissed(worker, "upstash", what, (counted += 1));
        await replaced(what);
      }
    });
  });

  async function replaced(what) {
    const whole = async () => {
      const types = [await stack.redis.command("TYPE", SNAPSHOT), await stack.redis.command("TYPE", NAME_KEY)];
      if (types.some((type) => type !== "string")) return false;
      const value = await stack.redis.command("GET", SNAPSHOT);
      return value.slice(value.indexOf("\n") + 1) === published.text && (await stack.redis.command("GET", NAME_KEY)).endsWith("}]");
    };
    await eventually(whole, `replacement of ${what}`);
    assert.deepEqual(JSON.parse(await stack.redis.command("GET", NAME_KEY)), listings.get(NAME_KEY), what);
  }

  test("in KV", async () => {
    await withWorker(stack, { MEMORY_MAX_BYTES: "0", ADMIN_TOKEN }, async (worker) => {
      await stack.upstash.stop();
      try {
        const kv = await worker.kv();
        await worker.get("/models/unique");
        await eventually(() => kv.get(LAST_WRITTEN), "write to KV");
        const header = { ...published.header, at: Date.now() };
        let counted = 0;
        for (const [what, value] of Object.entries(spoiltSnapshots(header))) {
          await kv.put(SNAPSHOT, value, { metadata: header });
          await assertMissed(worker, "kv", what, (counted += 1));
        }
      } finally {
        await stack.upstash.start();
      }
    });
  });

  async function assertMissed(worker, tier, what, counted) {
    const answer = await worker.get(BY_NAME);
    assert.equal(answer.status, 200, what);
    assert.deepEqual(answer.body.models, listings.get(NAME_KEY), what);
    assert.equal(cacheStatus(answer).find((member) => member.tier === tier).detail, "corrupt", what);
    assert.notEqual(hitOf(answer)?.tier, tier, what);
    const { isolate } = await statistics(worker, ADMIN_TOKEN);
    assert.equal(isolate.corrupt, counted, what);
  }
});

// Seconds pass while a test runs; a wrong base is off by minutes.
function assertAbout(actual, expected) {
  assert.ok(actual >= expected && actual <= expected + 30, `${actual} is not about ${expected}`);
}
