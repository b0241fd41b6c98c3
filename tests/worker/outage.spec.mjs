// Outages of the origin and of Redis, by real servers behind fault proxies: users get the last good catalog.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { eventually } from "./harness.mjs";
import { snapshotValue } from "./snapshots.mjs";
import {
  cachedValues,
  cacheStatus,
  eventsOf,
  hitOf,
  publishedSnapshot,
  snapshotLoads,
  statistics,
  withWorker,
} from "./support.mjs";
import { readVectors } from "./vectors.mjs";
import { startWorkerd } from "./workerd.mjs";

const ADMIN_TOKEN = "outage-admin-token";
const DEFAULT = "/models/unique?limit=1000";
const DEFAULT_KEY = "gw:models:unique:filtered:sortprovider_count:desc";
const MARKER = "gw:models:edge:marker";
const SNAPSHOT = "gw:models:edge:snapshot:active";
const NAME_KEY = "gw:models:unique:filtered:sortname:asc";
const LAST_WRITTEN = "gw:models:unique:filtered:sortcheapest_price:asc";
const BY_NAME = "/models/unique?limit=1000&sort_by=name&order=asc";
// The machine that runs this has two cores and other things to do.
const MARGIN_MS = 700;
const HEDGE_MS = 150;

const { tables, listings } = readVectors("tiny");
let stack, published;

before(async () => {
  stack = await startStack({ tables, kv: true, faults: true });
  published = await publishedSnapshot(stack, {}, startWorkerd);
});
after(() => stack?.stop());

const withIsolate = (vars, use) => withWorker(stack, vars, use, startWorkerd);

beforeEach(async () => {
  await Promise.all([stack.supabase.start(), stack.upstash.start()]);
  stack.upstash.setToken(stack.secrets.UPSTASH_REDIS_REST_TOKEN);
  stack.proxies.supabase.clear();
  stack.proxies.upstash.clear();
  await stack.redis.command("FLUSHALL");
  stack.kv.forget();
  stack.supabase.clearRequests();
});

describe("the origin", () => {
  test("stopped: everything cached is still served", async () => {
    await withIsolate({}, async (worker) => {
      await worker.get(DEFAULT);
      await eventually(() => stack.redis.command("EXISTS", LAST_WRITTEN), "publication");
      await stack.supabase.stop();
      const custom = "/models/unique?min_providers=3&sort_by=name";
      for (const path of [DEFAULT, BY_NAME, custom, "/models/unique?offset=20"]) {
        assert.equal((await worker.get(path)).status, 200, path);
      }
      await withIsolate({}, async (other) => {
        const answer = await other.get(BY_NAME);
        assert.equal(answer.status, 200);
        assert.deepEqual(answer.body.models, listings.get(NAME_KEY));
      });
    });
  });

  test("stopped, and an isolate that knows nothing: 503, and the origin is left alone for a while", async () => {
    await withIsolate({}, async (worker) => {
      stack.proxies.supabase.set({ fault: "reset" });
      stack.proxies.supabase.clearRequests();
      const { ms } = await timed(async () => {
        for (let asked = 0; asked < 20; asked += 1) assertUnavailable(await worker.get(DEFAULT));
      });
      // A load asks four times before it gives up, and is followed by a second's pause, give or take a quarter.
      const asked = stack.proxies.supabase.requests.length;
      assert.ok(asked <= 4 * (1 + Math.floor(ms / 750)), `${asked} requests to a dead origin in ${ms} ms`);
      stack.proxies.supabase.clear();
      const answer = await eventually(async () => {
        const answer = await worker.get(DEFAULT);
        return answer.status === 200 && answer;
      }, "recovery");
      assert.deepEqual(answer.body.models, listings.get(DEFAULT_KEY));
    });
  });

  const FAILURES = {
    "500 with code 57014": { fault: "status", status: 500, body: { code: "57014", message: "canceling statement" } },
    "503 with PGRST002": { fault: "status", status: 503, body: { code: "PGRST002", message: "no schema cache" } },
    garbage: { fault: "garbage" },
    "a body that is cut": { fault: "truncate" },
    "a body that breaks off": { fault: "reset-body" },
    "an empty list": { fault: "garbage", body: "[]" },
  };
  // workerd says nothing of a connection that breaks in the middle of a body: the deadline ends that.
  for (const [what, rule] of Object.entries(FAILURES)) {
    test(`${what}: stale is served if there is any, else 503; nothing is published`, async () => {
      const vars = { CACHE_TTL_SECONDS: "1", REVALIDATE_SECONDS: "0", ORIGIN_TIMEOUT_MS: "1500" };
      await withIsolate(vars, async (worker) => {
        stack.proxies.supabase.set({ match: "unique_models_provider", ...rule });
        assertUnavailable(await worker.get(DEFAULT));
        assert.deepEqual([...(await cachedValues(stack)).keys()], []);
        stack.proxies.supabase.clear();
        await eventually(async () => (await worker.get(DEFAULT)).status === 200, "recovery");
        await eventually(() => stack.kv.get(LAST_WRITTEN), "write to KV");
        stack.proxies.supabase.set({ match: "unique_models_provider", ...rule });
        const stale = await eventually(async () => {
          const answer = await worker.get(DEFAULT);
          assert.equal(answer.status, 200);
          return answer.headers["x-cache"] === "STALE" && answer;
        }, "something stale");
        assert.deepEqual(stale.body.models, listings.get(DEFAULT_KEY));
        assert.equal(hitOf(stale).detail, "stale");
        assert.ok(Number(hitOf(stale).ttl) <= 0);
        // The load before may still hold the lease: whoever asks later tries again.
        await eventually(async () => {
          assert.equal((await worker.get(DEFAULT)).status, 200);
          return eventsOf(worker, "origin_error").length >= 2;
        }, "a failed refresh");
      });
    });
  }
});

describe("Redis", () => {
  for (const fault of ["hang", "hang-body"]) {
    test(`${fault}: warm requests do not notice, cold ones are answered from KV after HEDGE_MS`, async () => {
      await withIsolate({ MEMORY_TTL_SECONDS: "1" }, async (worker) => {
        await worker.get(DEFAULT);
        await eventually(() => stack.kv.get(LAST_WRITTEN), "write to KV");
        stack.proxies.upstash.set({ fault });
        for (let asked = 0; asked < 50; asked += 1) {
          const { answer, ms } = await timed(() => worker.get(DEFAULT));
          assert.equal(hitOf(answer).tier, "memory");
          assert.ok(ms < MARGIN_MS, `${ms} ms`);
        }
      });
      await withIsolate({ ADMIN_TOKEN }, async (worker) => {
        await fillKv(Date.now());
        // The snapshot that KV has is enough for every listing.
        for (const [path, key, tier] of [
          [DEFAULT, DEFAULT_KEY, "kv"],
          [BY_NAME, NAME_KEY, "memory"],
        ]) {
          const { answer, ms } = await timed(() => worker.get(path));
          assert.equal(answer.status, 200, path);
          assert.deepEqual(answer.body.models, listings.get(key), path);
          assert.equal(hitOf(answer).tier, tier, path);
          assert.equal(answer.headers["x-cache"], "HIT", path);
          assert.ok(ms < HEDGE_MS + MARGIN_MS, `${ms} ms`);
        }
      });
    });
  }

  for (const [what, rule] of Object.entries({
    garbage: { fault: "garbage" },
    "a body that is cut": { fault: "truncate" },
    "a connection that is reset": { fault: "reset" },
    500: { fault: "status", status: 500, body: "oops" },
  })) {
    test(`${what}: a miss, and the catalog is served`, async () => {
      stack.proxies.upstash.set(rule);
      await withIsolate({}, async (worker) => {
        const answer = await worker.get(DEFAULT);
        assert.equal(answer.status, 200);
        assert.deepEqual(answer.body.models, listings.get(DEFAULT_KEY));
        assert.ok(cacheStatus(answer).find(({ tier }) => tier === "upstash").detail, "what failed is said");
        assert.equal((await worker.get(DEFAULT)).headers["x-cache"], "HIT");
      });
    });
  }

  test("a revoked token: the catalog is served, and Redis again when the token is back", async () => {
    stack.upstash.revokeToken();
    await withIsolate({ MEMORY_MAX_BYTES: "0", ADMIN_TOKEN }, async (worker) => {
      await fillKv(Date.now());
      for (let asked = 0; asked < 6; asked += 1) assert.equal((await worker.get(DEFAULT)).headers["x-cache"], "HIT");
      assert.equal(snapshotLoads(stack), 0, "KV answers meanwhile");
      assert.equal((await breakers(worker)).upstash, "open");
      stack.upstash.setToken(stack.secrets.UPSTASH_REDIS_REST_TOKEN);
      await eventually(async () => {
        assert.equal((await worker.get(DEFAULT)).status, 200);
        return (await breakers(worker)).upstash === "closed";
      }, "recovery", 15_000);
    });
  });

  test("stopped and started again: the breaker's probe finds it", async () => {
    await withIsolate({ MEMORY_MAX_BYTES: "0", ADMIN_TOKEN }, async (worker) => {
      await worker.get(DEFAULT);
      await eventually(() => stack.kv.get(LAST_WRITTEN), "write to KV");
      await stack.redis.stop();
      try {
        for (let asked = 0; asked < 10; asked += 1) {
          const answer = await worker.get(DEFAULT);
          assert.equal(answer.status, 200);
          assert.deepEqual(answer.body.models, listings.get(DEFAULT_KEY));
        }
        assert.equal((await breakers(worker)).upstash, "open");
      } finally {
        await stack.redis.restart();
      }
      await eventually(async () => {
        assert.equal((await worker.get(DEFAULT)).status, 200);
        return stack.redis.command("EXISTS", DEFAULT_KEY);
      }, "Redis filled again", 20_000);
      assert.equal((await breakers(worker)).upstash, "closed");
    });
  });

  test("a used-up quota opens the breaker at once", async () => {
    const daily = "ERR max daily request limit exceeded. Limit: 10000, Usage: 10000";
    for (const error of [daily, "ERR max requests limit exceeded. Limit: 500000, Usage: 500001"]) {
      stack.proxies.upstash.set({ fault: "status", status: 400, body: { error } });
      await withIsolate({ ADMIN_TOKEN }, async (worker) => {
        assert.equal((await worker.get(DEFAULT)).status, 200);
        assert.equal((await breakers(worker)).upstash, "open", error);
        const asked = stack.proxies.upstash.requests.length;
        assert.equal((await worker.get("/models/unique?include_inactive=true")).status, 200);
        assert.equal(stack.proxies.upstash.requests.length, asked, "it is not asked again");
      });
      stack.proxies.upstash.clear();
    }
  });

  test("429 opens the breaker after a few", async () => {
    stack.proxies.upstash.set({ fault: "status", status: 429, body: { error: "rate limited" } });
    await withIsolate({ MEMORY_MAX_BYTES: "0", ADMIN_TOKEN }, async (worker) => {
      await fillKv(Date.now());
      for (let asked = 0; asked < 6; asked += 1) assert.equal((await worker.get(DEFAULT)).headers["x-cache"], "HIT");
      assert.equal((await breakers(worker)).upstash, "open");
      assert.equal(snapshotLoads(stack), 0);
    });
  });

  test("flushed: what KV has is served, and Redis has it again without a load", async () => {
    await withIsolate({ MEMORY_MAX_BYTES: "0" }, async (worker) => {
      await worker.get(DEFAULT);
      await eventually(() => stack.kv.get(LAST_WRITTEN), "write to KV");
      await stack.redis.command("FLUSHALL");
      const answer = await worker.get(DEFAULT);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers["x-cache"], "HIT", "a record that vanished tells of no invalidation");
      assert.equal(hitOf(answer).tier, "kv");
      await eventually(() => stack.redis.command("EXISTS", DEFAULT_KEY), "return to Redis");
      const again = await worker.get(DEFAULT);
      assert.equal(hitOf(again).tier, "upstash");
      assert.deepEqual(again.body.models, listings.get(DEFAULT_KEY));
      assert.equal(snapshotLoads(stack), 1);
    });
  });
});

describe("KV with an old value", () => {
  test("of 33 minutes is served at once, with a refresh behind it", async () => {
    await withIsolate({}, async (worker) => {
      await fillKv(Date.now() - 33 * 60_000);
      const stale = await worker.get(DEFAULT);
      assert.equal(stale.headers["x-cache"], "STALE");
      assert.equal(hitOf(stale).tier, "kv");
      assert.ok(Math.abs(Number(stale.headers.age) - 33 * 60) <= 30, stale.headers.age);
      assert.ok(Number(hitOf(stale).ttl) < 0);
      const fresh = await eventually(async () => {
        const answer = await worker.get(DEFAULT);
        return answer.headers["x-cache"] === "HIT" && answer;
      }, "refresh");
      assert.ok(Number(fresh.headers.age) < 60);
      assert.equal(snapshotLoads(stack), 1);
    });
  });

  test("of 40 minutes gives way to the origin, and is served when that cannot answer", async () => {
    for (const working of [true, false]) {
      if (!working) await stack.supabase.stop();
      await stack.redis.command("FLUSHALL");
      await withIsolate({}, async (worker) => {
        await fillKv(Date.now() - 40 * 60_000);
        const answer = await worker.get(DEFAULT);
        assert.equal(answer.status, 200);
        assert.deepEqual(answer.body.models, listings.get(DEFAULT_KEY));
        assert.equal(answer.headers["x-cache"], working ? "MISS" : "STALE");
        if (!working) assert.ok(Number(answer.headers.age) >= 40 * 60);
      });
    }
  });

  test("of two days is not served any more", async () => {
    await stack.supabase.stop();
    await withIsolate({}, async (worker) => {
      await fillKv(Date.now() - 48 * 3_600_000);
      assertUnavailable(await worker.get(DEFAULT));
    });
  });
});

test("Redis and the origin both down, KV full: 1,500 of 1,500 requests are answered, stale ones labelled", async () => {
  await Promise.all([stack.supabase.stop(), stack.upstash.stop()]);
  for (const [minutes, marked, label, detail] of [
    [5, true, "HIT", undefined],
    [5, false, "STALE", "unverified"],
    [40, true, "STALE", "stale"],
  ]) {
    await withIsolate({}, async (worker) => {
      await fillKv(Date.now() - minutes * 60_000);
      if (!marked) await stack.kv.delete(MARKER);
      const paths = [DEFAULT, BY_NAME];
      for (let round = 0; round < 20; round += 1) {
        const answers = await Promise.all(Array.from({ length: 25 }, (_, index) => worker.get(paths[index % 2])));
        for (const answer of answers) {
          assert.equal(answer.status, 200);
          assert.equal(answer.headers["x-cache"], label);
          assert.equal(hitOf(answer).detail, detail);
        }
      }
    });
  }
});

test("everything down: 503 within the budget", async () => {
  stack.proxies.supabase.set({ fault: "hang" });
  stack.proxies.upstash.set({ fault: "hang" });
  await withIsolate({ ORIGIN_TIMEOUT_MS: "1000", UPSTASH_TIMEOUT_MS: "300" }, async (worker) => {
    const { answer, ms } = await timed(() => worker.get(DEFAULT));
    assertUnavailable(answer);
    assert.ok(ms < 300 + 1000 + 1000 + MARGIN_MS, `${ms} ms`);
  });
});

function assertUnavailable({ status, headers, body }) {
  assert.equal(status, 503);
  assert.ok(Number(headers["retry-after"]) >= 1, "Retry-After");
  assert.equal(headers["cache-control"], "no-store");
  assert.ok(body.detail);
}

async function fillKv(at) {
  const header = { ...published.header, at };
  await stack.kv.put(SNAPSHOT, snapshotValue({ ...published, header }), { metadata: header });
  // Without it nobody who cannot reach Redis knows what was invalidated.
  await stack.kv.put(MARKER, JSON.stringify({ epoch: 0, barrier: 0, barrier_at: 0 }));
}

async function breakers(worker) {
  return (await statistics(worker, ADMIN_TOKEN)).isolate.breakers;
}

async function timed(work) {
  const begun = performance.now();
  const answer = await work();
  return { answer, ms: Math.round(performance.now() - begun) };
}
