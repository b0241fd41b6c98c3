// The Lua scripts on a real Redis, as the built Worker calls them: the native tests run them on a fake.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { eventually } from "./harness.mjs";
import { parseSnapshot } from "./snapshots.mjs";
import { controlOf, eventsOf, NAMESPACE, publishedSnapshot, withWorker } from "./support.mjs";
import { readText, readVectors } from "./vectors.mjs";

const EDGE = `${NAMESPACE}models:edge`;
const CONTROL = `${EDGE}:control`;
const LEASE = `${EDGE}:lease:active`;
const SNAPSHOT = `${EDGE}:snapshot:active`;
const VERSION = `${EDGE}:version:active`;
const NAME_KEY = `${NAMESPACE}models:unique:filtered:sortname:asc`;
const LAST_WRITTEN = `${NAMESPACE}models:unique:filtered:sortcheapest_price:asc`;
const SYNC_MARKER = `${NAMESPACE}models:sync:in_progress`;
const ADMIN_TOKEN = "scripts-admin-token";
const SLOW = { fault: "latency", match: /unique_models_provider/, ms: 1_000 };
const authorized = { headers: { authorization: `Bearer ${ADMIN_TOKEN}` }, method: "POST" };

let stack, published;

before(async () => {
  stack = await startStack({ tables: readVectors("tiny").tables, faults: true });
  published = await publishedSnapshot(stack);
});
after(() => stack?.stop());
beforeEach(async () => {
  stack.proxies.supabase.clear();
  await stack.redis.command("FLUSHALL");
});

const redis = (...command) => stack.redis.command(...command);
const refusals = (worker) => eventsOf(worker, "publish_refused").map(({ reason }) => reason);

/** A cold request whose load takes a while; `meanwhile` runs when it holds the lease. */
async function duringLoad(worker, meanwhile) {
  stack.proxies.supabase.set(SLOW);
  const asked = worker.get("/models/unique?limit=1");
  await eventually(() => redis("EXISTS", LEASE), "the lease");
  await meanwhile();
  assert.equal((await asked).status, 200, "its own request is served all the same");
}

/** Another isolate's version, as it stands in Redis. */
function setVersion(changes) {
  const version = { ...published.header, at: Date.now(), hash: "0123456789abcdef", ...changes };
  return redis("SET", VERSION, JSON.stringify(version), "PX", 1_900_000);
}

describe("publish", () => {
  const GUARDS = {
    "newer-there": () => setVersion({ at: Date.now() + 30_000 }),
    "epoch-moved": () => redis("SET", CONTROL, JSON.stringify({ epoch: Date.now(), barrier: 0, barrier_at: 0 })),
    "backend-syncing": () => redis("SET", SYNC_MARKER, "1", "PX", 60_000),
    "version-moved": () => setVersion({ config: "fedcba9876543210" }),
  };
  for (const [reason, guard] of Object.entries(GUARDS)) {
    test(`refuses: ${reason}; and nothing of it is set`, async () => {
      await withWorker(stack, {}, async (worker) => {
        let version;
        await duringLoad(worker, async () => {
          await guard();
          version = await redis("GET", VERSION);
        });
        await eventually(() => refusals(worker).includes(reason), "the refusal");
        assert.equal(await redis("GET", VERSION), version, "left alone");
        assert.equal(await redis("EXISTS", SNAPSHOT), 0);
        assert.deepEqual(await redis("KEYS", `${NAMESPACE}models:unique:*`), []);
        assert.equal(eventsOf(worker, "publish_refused")[0].source, "active");
      });
    });
  }

  test("is not stopped by a version of a machine whose clock is an hour ahead", async () => {
    await withWorker(stack, {}, async (worker) => {
      await duringLoad(worker, () => setVersion({ at: Date.now() + 3_600_000 }));
      await eventually(() => redis("EXISTS", SNAPSHOT), "the publication");
      assert.deepEqual(refusals(worker), []);
    });
  });

  test("sets everything with the version's own expiry, to the millisecond", async () => {
    await withWorker(stack, {}, async (worker) => {
      await worker.get("/models/unique");
      await eventually(() => redis("EXISTS", LAST_WRITTEN), "the publication");
      const version = JSON.parse(await redis("GET", VERSION));
      assert.deepEqual(parseSnapshot(await redis("GET", SNAPSHOT)).header, version);
      for (const key of [SNAPSHOT, NAME_KEY, LAST_WRITTEN]) assert.equal(await redis("PEXPIRETIME", key), version.at + version.ttl, key);
      assert.equal(await redis("PEXPIRETIME", VERSION), version.at + version.ttl + 86_400_000, "and the stale window");
    });
  });
});

test("renew lets what is the same live on, and publishes what another wrote under a key of ours", async () => {
  await withWorker(stack, { ADMIN_TOKEN }, async (worker) => {
    const warm = async () => (await worker.get("/api/system/cache/warm", authorized)).body.published.redis;
    assert.equal(await warm(), "published");
    const first = await redis("PEXPIRETIME", SNAPSHOT);
    const listing = await redis("GET", NAME_KEY);
    assert.equal(await warm(), "renewed");
    const version = JSON.parse(await redis("GET", VERSION));
    assert.ok(version.at + version.ttl > first);
    for (const key of [SNAPSHOT, NAME_KEY, LAST_WRITTEN]) assert.equal(await redis("PEXPIRETIME", key), version.at + version.ttl, key);
    assert.equal(parseSnapshot(await redis("GET", SNAPSHOT)).header.at + version.ttl, first, "its header stays");
    await redis("SETEX", NAME_KEY, 1800, readText(`tiny/expected_raw_stdlib/${NAME_KEY}.json`));
    assert.equal(await warm(), "published");
    assert.equal(await redis("GET", NAME_KEY), listing);
    assert.equal(await warm(), "renewed");
  });
});

describe("claim", () => {
  test("takes over a lease without expiry, and says so", async () => {
    await redis("SET", LEASE, "of somebody long dead");
    await withWorker(stack, {}, async (worker) => {
      assert.equal((await worker.get("/models/unique")).headers["x-cache"], "MISS");
      assert.deepEqual(eventsOf(worker, "overdue").map(({ key }) => key), [LEASE]);
      await eventually(() => redis("EXISTS", SNAPSHOT), "the publication");
      await eventually(async () => (await redis("EXISTS", LEASE)) === 0, "the release");
    });
  });

  test("is held by a sign of life while the origin takes its time", async () => {
    await withWorker(stack, {}, async (worker) => {
      stack.proxies.supabase.set({ ...SLOW, ms: 4_000 });
      const asked = worker.get("/models/unique?limit=1");
      const holder = await eventually(() => redis("GET", LEASE), "the lease");
      for (let look = 0; look < 10; look += 1) {
        const left = await redis("PTTL", LEASE);
        assert.ok(left > 0 && left <= 2_500, `${left} ms`);
        assert.equal(await redis("GET", LEASE), holder);
        await new Promise((resolve) => setTimeout(resolve, 330));
      }
      assert.equal((await asked).status, 200);
    });
  });
});

test("release leaves a lease alone that is another's by now", async () => {
  await withWorker(stack, {}, async (worker) => {
    await duringLoad(worker, () => redis("SET", LEASE, "another", "PX", 30_000));
    await eventually(() => redis("EXISTS", SNAPSHOT), "the publication");
    // The release comes in the same request, behind the publication.
    await eventually(async () => stack.proxies.upstash.inFlight === 0, "the end of the request");
    assert.equal(await redis("GET", LEASE), "another");
  });
  await redis("FLUSHALL");
  await withWorker(stack, {}, async (worker) => {
    await duringLoad(worker, () => {});
    await eventually(async () => (await redis("EXISTS", LEASE)) === 0, "the release of its own");
  });
});

test("an invalidation begins the epoch at the time, and raises the barrier when it is hard", async () => {
  await withWorker(stack, { ADMIN_TOKEN }, async (worker) => {
    const begun = Date.now();
    const clear = (mode) => worker.get("/api/system/cache/clear", { ...authorized, body: JSON.stringify({ cache_type: "all", mode }) });
    const soft = await clear("soft");
    assert.ok(soft.body.epoch >= begun, `${soft.body.epoch} is no time in ms`);
    assert.deepEqual(await controlOf(stack), { epoch: soft.body.epoch, barrier: 0, barrier_at: 0 });
    const hard = await clear("hard");
    assert.ok(hard.body.epoch > soft.body.epoch);
    const { epoch, barrier, barrier_at } = await controlOf(stack);
    assert.deepEqual([epoch, barrier], [hard.body.epoch, hard.body.epoch]);
    assert.ok(barrier_at >= begun && barrier_at <= Date.now());
    const later = await clear("soft");
    assert.deepEqual(await controlOf(stack), { epoch: later.body.epoch, barrier, barrier_at });
    assert.equal(await redis("PTTL", CONTROL), -1);
  });
});
