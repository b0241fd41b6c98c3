// Operator controls: clear and warm, and who may use them.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { eventually, startWorker } from "./harness.mjs";
import {
  cachedValues,
  controlOf,
  eventsOf,
  hitOf,
  NAMESPACE,
  snapshotLoads,
  statistics,
  withWorker,
} from "./support.mjs";
import { readText, readVectors } from "./vectors.mjs";

const ADMIN_TOKEN = "admin-token-0123456789";
const CLEAR = "/api/system/cache/clear";
const WARM = "/api/system/cache/warm";
const STATS = "/api/system/cache/stats";
const CONTROL = "gw:models:edge:control";
const MARKER = "gw:models:edge:marker";
const DEFAULT = "/models/unique?limit=1000";
const DEFAULT_KEY = "gw:models:unique:filtered:sortprovider_count:desc";
const LAST_WRITTEN = "gw:models:unique:filtered:sortcheapest_price:asc";
// A listing that only the backend writes: we know no such order.
const FOREIGN_KEY = "gw:models:unique:filtered:sortname:bogus";

const { tables, listings } = readVectors("tiny");
let stack, worker;

before(async () => (stack = await startStack({ tables })));
after(() => stack?.stop());
beforeEach(async () => {
  await stack.redis.command("FLUSHALL");
  stack.supabase.clearRequests();
  worker = await startWorker(stack, { CACHE_NAMESPACE: NAMESPACE, ADMIN_TOKEN });
});
afterEach(() => worker.stop());

describe("access", () => {
  test("without an ADMIN_TOKEN the routes do not exist", async () => {
    await withWorker(stack, {}, async (closed) => {
      for (const [method, path] of [
        ["POST", CLEAR],
        ["POST", WARM],
        ["GET", STATS],
        ["OPTIONS", STATS],
        ["DELETE", CLEAR],
      ]) {
        const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
        const answer = await closed.get(path, { method, headers });
        assert.equal(answer.status, 404, path);
        assert.equal(answer.headers["cache-control"], "no-store");
      }
    });
  });

  test("without the right token they are closed, and do nothing", async () => {
    await worker.get(DEFAULT);
    await eventually(() => stack.redis.command("EXISTS", LAST_WRITTEN), "publication");
    const values = await cachedValues(stack);
    const wrong = [undefined, "", "Bearer", "Bearer ", `Bearer ${ADMIN_TOKEN}x`, `Bearer ${ADMIN_TOKEN.slice(0, -1)}`];
    for (const authorization of [...wrong, `Basic ${ADMIN_TOKEN}`, ADMIN_TOKEN]) {
      for (const [method, path] of [["POST", CLEAR], ["POST", WARM], ["GET", STATS]]) {
        const body = path === CLEAR ? '{"cache_type":"all"}' : undefined;
        const headers = authorization === undefined ? {} : { authorization };
        const answer = await worker.get(path, { method, body, headers });
        assert.equal(answer.status, 401, `${path} with ${authorization}`);
        assert.match(answer.headers["www-authenticate"], /^Bearer/);
        assert.equal(answer.headers["cache-control"], "no-store");
        assert.equal(answer.headers["content-type"], "application/problem+json");
        assert.ok(answer.body.detail);
      }
    }
    assert.deepEqual(await cachedValues(stack), values);
    assert.equal(snapshotLoads(stack), 1);
  });

  test("other methods are refused, with what is allowed", async () => {
    for (const [method, path, allowed] of [
      ["GET", CLEAR, "POST, OPTIONS"],
      ["GET", WARM, "POST, OPTIONS"],
      ["POST", STATS, "GET, HEAD, OPTIONS"],
    ]) {
      const answer = await admin(path, { method });
      assert.equal(answer.status, 405, path);
      assert.equal(answer.headers.allow, allowed, path);
    }
  });
});

describe("bodies", () => {
  test("of more than 4 kB are refused", async () => {
    for (const path of [CLEAR, WARM]) {
      const padded = (bytes) => JSON.stringify({ cache_type: "all", pad: "" }).replace('""', `"${"x".repeat(bytes)}"`);
      assert.equal((await admin(path, { body: padded(4096) })).status, 413, path);
      assert.equal((await admin(path, { body: padded(100_000) })).status, 413, path);
      assert.equal((await admin(path, { body: padded(3000) })).status, 200, path);
    }
  });

  test("that are wrong are told what is wrong, and nothing is cleared", async () => {
    for (const [path, body, type, loc] of [
      [CLEAR, '{"cache_type":"models"}', "literal_error", ["body", "cache_type"]],
      [CLEAR, '{"cache_type":7}', "literal_error", ["body", "cache_type"]],
      [CLEAR, '{"cache_type":"all","mode":"gentle"}', "literal_error", ["body", "mode"]],
      [CLEAR, "{}", "missing", ["body", "cache_type"]],
      [CLEAR, undefined, "missing", ["body", "cache_type"]],
      [CLEAR, '{"cache_type":', "json_invalid", undefined],
      [CLEAR, "[1]", "model_attributes_type", ["body"]],
      [WARM, '{"force":"yes"}', "bool_type", ["body", "force"]],
      [WARM, "nonsense", "json_invalid", undefined],
    ]) {
      const answer = await admin(path, { body });
      assert.equal(answer.status, 422, `${path} ${body}`);
      const [item, ...others] = answer.body.detail;
      assert.deepEqual(others, []);
      assert.equal(item.type, type, `${path} ${body}`);
      if (loc) assert.deepEqual(item.loc, loc);
      assert.ok(item.msg);
      assert.equal(answer.headers["cache-control"], "no-store");
    }
    assert.equal(await stack.redis.command("EXISTS", CONTROL), 0);
    assert.equal(snapshotLoads(stack), 0);
  });
});

describe("clear", () => {
  beforeEach(async () => {
    await worker.get(DEFAULT);
    await eventually(() => stack.redis.command("EXISTS", LAST_WRITTEN), "publication");
    await eventually(async () => (await worker.kv()).get(LAST_WRITTEN), "write to KV");
    await stack.redis.command("SETEX", FOREIGN_KEY, 1800, readText(`tiny/expected_raw_stdlib/${DEFAULT_KEY}.json`));
    await stack.redis.command("SET", "gw:models:unique:index", "the backend's own");
    await stack.redis.command("SET", "unrelated", "1");
  });

  for (const cache_type of ["all", "unique_models"]) {
    test(`hard, ${cache_type}: every listing and snapshot is gone, and the next request reloads`, async () => {
      const held = await cachedValues(stack);
      const { epoch } = await controlOf(stack);
      const answer = await admin(CLEAR, { body: JSON.stringify({ cache_type }) });
      assert.equal(answer.status, 200);
      const { duration_ms, epoch: raised, ...rest } = answer.body;
      assert.deepEqual(rest, { success: true, cache_type, mode: "hard", keys_deleted: held.size, kv_marked: true, swept: true });
      assert.ok(duration_ms >= 0);
      assert.ok(raised > epoch);
      const control = await controlOf(stack);
      assert.equal(control.epoch, raised);
      assert.equal(control.barrier, raised);
      assert.deepEqual(await (await worker.kv()).get(MARKER, "json"), control);
      assert.deepEqual([...(await cachedValues(stack)).keys()], []);
      assert.equal(await stack.redis.command("EXISTS", "gw:models:unique:index", "unrelated"), 2, "left alone");
      const next = await worker.get(DEFAULT);
      assert.equal(next.headers["x-cache"], "MISS", "KV's copy is older than the invalidation");
      assert.equal(snapshotLoads(stack), 2);
      assert.deepEqual(next.body.models, listings.get(DEFAULT_KEY));
    });
  }

  test("hard: what was invalidated is still served when the origin cannot answer", async () => {
    await admin(CLEAR, { body: '{"cache_type":"all"}' });
    await stack.supabase.stop();
    try {
      const answer = await worker.get(DEFAULT);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers["x-cache"], "STALE");
      assert.equal(hitOf(answer).tier, "memory", "judged, and not emptied");
    } finally {
      await stack.supabase.start();
    }
  });

  test("soft: stale at once, with a refresh behind it", async () => {
    const { epoch } = await controlOf(stack);
    const answer = await admin(CLEAR, { body: '{"cache_type":"unique_models","mode":"soft"}' });
    assert.equal(answer.body.mode, "soft");
    assert.ok(answer.body.epoch > epoch);
    assert.deepEqual([...(await cachedValues(stack)).keys()], []);
    const stale = await worker.get(DEFAULT);
    assert.equal(stale.headers["x-cache"], "STALE");
    assert.deepEqual(stale.body.models, listings.get(DEFAULT_KEY));
    await eventually(async () => (await worker.get(DEFAULT)).headers["x-cache"] === "HIT", "refresh");
    assert.equal(snapshotLoads(stack), 2);
    await eventually(() => stack.redis.command("EXISTS", DEFAULT_KEY), "publication");
  });

  test("is noticed by another isolate after MEMORY_TTL_SECONDS", async () => {
    await withWorker(stack, { MEMORY_TTL_SECONDS: "1" }, async (other) => {
      await other.get(DEFAULT);
      assert.equal(hitOf(await other.get(DEFAULT)).tier, "memory");
      await stack.database.query("update unique_models set sample_model_id = 'changed/one' where model_name = $1", [
        listings.get(DEFAULT_KEY)[0].name,
      ]);
      try {
        await admin(CLEAR, { body: '{"cache_type":"all"}' });
        const first = async () => (await other.get(DEFAULT)).body.models[0].id;
        await eventually(async () => (await first()) === "one", "the new catalog");
      } finally {
        await stack.database.load(tables);
      }
    });
  });

  test("says so when Redis cannot be reached", async () => {
    await stack.upstash.stop();
    try {
      const answer = await admin(CLEAR, { body: '{"cache_type":"all"}' });
      assert.equal(answer.status, 503);
      assert.ok(answer.headers["retry-after"]);
      assert.ok(answer.body.detail);
    } finally {
      await stack.upstash.start();
    }
  });

  test("names the token when it may not write", async () => {
    const vars = { ADMIN_TOKEN, UPSTASH_REDIS_REST_TOKEN: stack.otherSecrets.UPSTASH_READ_ONLY_TOKEN };
    await withWorker(stack, vars, async (reader) => {
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
      const cleared = await reader.get(CLEAR, { method: "POST", headers, body: '{"cache_type":"all"}' });
      assert.equal(cleared.status, 503);
      assert.match(cleared.body.detail, /UPSTASH_REDIS_REST_TOKEN may not write/);
      assert.deepEqual(eventsOf(reader, "publish_paused").map(({ reason }) => reason), ["not-permitted"]);
    });
  });

  test("gets through to a full Redis, since what frees room comes first", async () => {
    const held = await cachedValues(stack);
    await stack.redis.command("CONFIG", "SET", "maxmemory", "1");
    try {
      const answer = await admin(CLEAR, { body: '{"cache_type":"all"}' });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.body.keys_deleted, held.size);
      assert.equal((await controlOf(stack)).barrier, answer.body.epoch);
      assert.deepEqual([...(await cachedValues(stack)).keys()], []);
      const warmed = await admin(WARM);
      assert.equal(warmed.body.error, "upstash: full");
      assert.equal(warmed.body.published.redis, "full");
    } finally {
      await stack.redis.command("CONFIG", "SET", "maxmemory", "0");
    }
  });
});

describe("warm", () => {
  afterEach(() => stack.database.load(tables));

  test("reports what changed against the snapshot before", async () => {
    // Names are unique in production; the vectors have one twice.
    const sql = stack.database.query;
    await sql(`update unique_models set model_name = 'Other twin'
      where id = (select max(id) from unique_models where model_name = 'Twin')`);
    const first = await admin(WARM);
    assert.equal(first.status, 200);
    assert.equal(first.body.successful, 6);
    const models = listings.get(DEFAULT_KEY).length;
    const none = { added: 0, changed: 0, deleted: 0, unchanged: 0 };
    assert.deepEqual(first.body.changes, { ...none, added: models, efficiency_percent: 0 });
    const again = await admin(WARM);
    assert.deepEqual(again.body.changes, { ...none, unchanged: models, efficiency_percent: 100 });

    const [changed, deleted] = listings.get(DEFAULT_KEY).slice(1, 3);
    const idOf = async (name) => (await sql("select id from unique_models where model_name = $1", [name]))[0].id;
    const [changedId, deletedId] = [await idOf(changed.name), await idOf(deleted.name)];
    await sql(
      `update models set description = 'changed'
      where id in (select model_id from unique_models_provider where unique_model_id = $1)`,
      [changedId],
    );
    await sql("delete from unique_models_provider where unique_model_id = $1", [deletedId]);
    const [added] = await sql(
      "insert into unique_models (model_name, sample_model_id) values ('A new one', 'new/one') returning id",
    );
    // It takes over an offer of another model, as it stands.
    await sql(
      `insert into unique_models_provider (unique_model_id, provider_id, model_id)
      select $1, provider_id, model_id from unique_models_provider where unique_model_id = $2 order by id limit 1`,
      [added.id, changedId],
    );
    const third = await admin(WARM);
    const { efficiency_percent, ...counts } = third.body.changes;
    assert.deepEqual(counts, { added: 1, changed: 1, deleted: 1, unchanged: models - 2 });
    assert.ok(efficiency_percent > 90 && efficiency_percent < 100);
    const served = (await worker.get(DEFAULT)).body.models;
    assert.ok(served.some(({ name }) => name === "A new one"));
    assert.ok(!served.some(({ name }) => name === deleted.name));
    const last = (await statistics(worker, ADMIN_TOKEN)).last_warm;
    assert.deepEqual(last, third.body);
  });

  test("quarantines a catalog that shrank below half, until it is forced", async () => {
    await admin(WARM);
    const values = await cachedValues(stack);
    await stack.database.query(
      `delete from unique_models_provider
      where unique_model_id not in (select id from unique_models order by id limit 10)`,
    );
    const refused = await admin(WARM);
    assert.equal(refused.status, 200);
    assert.equal(refused.body.successful, 0);
    assert.equal(refused.body.failed, 6);
    assert.equal(refused.body.error, "shrunk");
    assert.deepEqual(await cachedValues(stack), values);
    assert.equal((await worker.get(DEFAULT)).body.total, listings.get(DEFAULT_KEY).length, "the last good one");
    const [event] = eventsOf(worker, "quarantined");
    assert.equal(event.reason, "shrunk");
    await eventually(async () => (await statistics(worker, ADMIN_TOKEN)).quarantined === 1, "the count");

    const forced = await warmOnceAllowed({ force: true });
    assert.equal(forced.body.successful, 6, forced.body.error);
    assert.ok(forced.body.changes.deleted > listings.get(DEFAULT_KEY).length / 2);
    const total = (await worker.get(DEFAULT)).body.total;
    assert.ok(total <= 10 && total > 0, `${total}`);
    assert.equal(JSON.parse(await stack.redis.command("GET", DEFAULT_KEY)).length, total);
  });

  // A refused snapshot counts as a failure of the origin, which is left alone for a moment after one.
  function warmOnceAllowed(body) {
    return eventually(async () => {
      const answer = await admin(WARM, { body: JSON.stringify(body) });
      return answer.body.error !== "backing-off" && answer;
    }, "the end of the back-off");
  }
});

function admin(path, { method = "POST", body } = {}) {
  return worker.get(path, { method, body, headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
}
