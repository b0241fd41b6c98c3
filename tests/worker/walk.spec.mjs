// The walk over the tiers (docs/design.md, "The walk"), one tier after the other: who answers, and who is not even asked.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { eventually } from "./harness.mjs";
import { plainValue, snapshotValue } from "./snapshots.mjs";
import { cacheStatus, controlOf, hitOf, publishedSnapshot, snapshotLoads, statistics, withWorker } from "./support.mjs";
import { readText, readVectors } from "./vectors.mjs";
import { startWorkerd } from "./workerd.mjs";

const TTL = 1800;
const ADMIN_TOKEN = "walk-admin-token";
const DEFAULT_KEY = "gw:models:unique:filtered:sortprovider_count:desc";
const NAME_KEY = "gw:models:unique:filtered:sortname:asc";
const MARKER = "gw:models:edge:marker";
const NOTHING = { epoch: 0, barrier: 0, barrier_at: 0 };
const SNAPSHOT = "gw:models:edge:snapshot:active";
// The last of the keys that follow a load into KV.
const LAST_WRITTEN = "gw:models:unique:filtered:sortcheapest_price:asc";
const BY_NAME = "/models/unique?sort_by=name&order=asc";

const { tables, listings } = readVectors("tiny");
let stack, published;

before(async () => {
  stack = await startStack({ tables, kv: true });
  published = await publishedSnapshot(stack, {}, startWorkerd);
});
after(() => stack?.stop());

const withIsolate = (vars, use) => withWorker(stack, vars, use, startWorkerd);

beforeEach(async () => {
  await stack.redis.command("FLUSHALL");
  stack.kv.forget();
  stack.supabase.clearRequests();
  stack.upstash.clearCommands();
});

test("memory: page 2 of a variant hits where page 1 missed", async () => {
  await withIsolate({}, async (worker) => {
    const first = await worker.get("/models/unique?limit=10");
    assert.equal(first.headers["x-cache"], "MISS");
    assert.equal(first.headers["cache-status"], "kv; fwd=miss, upstash; fwd=miss, colo; fwd=miss; detail=unreachable, memory; fwd=miss; stored");
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
  await withIsolate({}, async (worker) => {
    await worker.get("/models/unique");
    await eventually(() => stack.redis.command("EXISTS", LAST_WRITTEN), "publication of what it is derived from");
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
  await withIsolate({}, async (first) => {
    await first.get("/models/unique");
    await eventually(() => stack.redis.command("GET", NAME_KEY), "publication");
  });
  assert.equal(snapshotLoads(stack), 1);
  await withIsolate({}, async (second) => {
    const answer = await second.get(BY_NAME);
    assert.equal(answer.headers["x-cache"], "HIT");
    const [upstash, colo, memory, ...others] = cacheStatus(answer);
    assert.equal(colo.tier, "colo");
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
  await withIsolate({}, async (worker) => {
    const age = 60;
    const header = { ...published.header, at: Date.now() - age * 1000 };
    await stack.kv.put(SNAPSHOT, plainValue({ ...published, header }), { metadata: header });
    const answer = await worker.get(BY_NAME);
    assert.equal(answer.headers["x-cache"], "HIT");
    assert.deepEqual(cacheStatus(answer).map(({ tier }) => tier), ["kv", "upstash", "colo", "memory"]);
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
  await withIsolate({ MEMORY_MAX_BYTES: "0" }, async (worker) => {
    await worker.get("/models/unique");
    const { metadata } = await eventually(async () => {
      const found = await stack.kv.getWithMetadata(NAME_KEY);
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
      await withIsolate({}, async (worker) => {
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

  function spoiltSnapshots(header) {
    const { body, text } = published;
    const whole = snapshotValue({ header, body });
    const other = body.at(100) === "A" ? "B" : "A";
    const cases = {
      empty: "",
      "no header": body,
      "cut in its header": whole.slice(0, 40),
      "the format of another edition": snapshotValue({ header: { ...header, v: 1 }, body }),
      "packed, and cut": whole.slice(0, -8),
      "packed, with another character": snapshotValue({ header, body: body.slice(0, 100) + other + body.slice(101) }),
      "packed, under another checksum": snapshotValue({ header: { ...header, packed: "0123456789abcdef" }, body }),
      "packed, of fewer models": snapshotValue({ header: { ...header, n: header.n - 1 }, body }),
      "another text than its header says": plainValue({ header, text: text.replace(/"name":"[A-Za-z]/, '"name":"~') }),
    };
    for (const [what, short] of Object.entries(spoilt(text))) {
      cases[what] = plainValue({ header, text: short });
      cases[`${what}, of its length`] = plainValue({ header: { ...header, bytes: Buffer.byteLength(short) }, text: short });
    }
    return cases;
  }

  test("snapshots in Redis, and are replaced by KV's", async () => {
    // Without memory every request walks.
    await withIsolate({ MEMORY_MAX_BYTES: "0", ADMIN_TOKEN }, async (worker) => {
      await worker.get(BY_NAME);
      await eventually(() => stack.kv.get(LAST_WRITTEN), "write to KV");
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
    await withIsolate({ MEMORY_MAX_BYTES: "0", ADMIN_TOKEN }, async (worker) => {
      await worker.get(BY_NAME);
      await eventually(() => stack.kv.get(LAST_WRITTEN), "write to KV");
      await stack.kv.delete(SNAPSHOT);
      await stack.redis.command("SET", SNAPSHOT, "nonsense", "KEEPTTL");
      const own = await worker.get(BY_NAME);
      assert.equal(hitOf(own).tier, "upstash", "the listing's own key is whole");
      assert.equal((await statistics(worker, ADMIN_TOKEN)).isolate.corrupt, 1);
      // No key has this one.
      const loaded = await worker.get("/models/unique?sort_by=name&order=asc&min_providers=4");
      assert.equal(loaded.headers["x-cache"], "MISS");
      assert.ok((await statistics(worker, ADMIN_TOKEN)).isolate.corrupt >= 2);
      await replaced("what had the expiry of what was there");
      await forgottenByKv();
      await stack.redis.command("DEL", SNAPSHOT);
      await stack.redis.command("HSET", SNAPSHOT, "a", "b");
      assert.equal((await worker.get("/models/unique?sort_by=name&order=asc&min_providers=4")).headers["x-cache"], "MISS");
      await replaced("a hash");
    });
  });

  test("listings in Redis, and are replaced", async () => {
    await withIsolate({ MEMORY_MAX_BYTES: "0", ADMIN_TOKEN }, async (worker) => {
      let counted = 0;
      const setHash = () => stack.redis.command("HSET", NAME_KEY, "a", "b");
      const set = (text) => stack.redis.command("SET", NAME_KEY, text, "PX", TTL * 1000);
      const cases = { ...spoilt(JSON.stringify(listings.get(NAME_KEY))), empty: "", "a hash": undefined };
      for (const [what, text] of Object.entries(cases)) {
        await stack.redis.command("FLUSHALL");
        stack.kv.forget();
        await (text === undefined ? setHash() : set(text));
        await assertMissed(worker, "upstash", what, (counted += 1));
        await replaced(what);
        await forgottenByKv();
      }
    });
  });

  // Not before what follows a load has written it.
  async function forgottenByKv() {
    await eventually(() => stack.kv.get(SNAPSHOT), "write to KV");
    await stack.kv.delete(SNAPSHOT);
  }

  async function replaced(what) {
    const whole = async () => {
      const types = [await stack.redis.command("TYPE", SNAPSHOT), await stack.redis.command("TYPE", NAME_KEY)];
      if (types.some((type) => type !== "string")) return false;
      const header = `{"v":${published.header.v},`;
      const value = await stack.redis.command("GET", SNAPSHOT);
      return value.startsWith(header) && value.endsWith(published.body) && (await stack.redis.command("GET", NAME_KEY)).endsWith("}]");
    };
    await eventually(whole, `replacement of ${what}`);
    assert.deepEqual(JSON.parse(await stack.redis.command("GET", NAME_KEY)), listings.get(NAME_KEY), what);
  }

  test("in KV", async () => {
    await withIsolate({ MEMORY_MAX_BYTES: "0", ADMIN_TOKEN }, async (worker) => {
      await stack.kv.put(MARKER, JSON.stringify(NOTHING));
      await stack.upstash.stop();
      try {
        await worker.get("/models/unique");
        await eventually(() => stack.kv.get(LAST_WRITTEN), "write to KV");
        const header = { ...published.header, at: Date.now() };
        let counted = 0;
        for (const [what, value] of Object.entries(spoiltSnapshots(header))) {
          await stack.kv.put(SNAPSHOT, value, { metadata: header });
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
