// The backend's own answers, over the real stack: tables into PostgreSQL, questions over HTTP, keys out of Redis.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { eventually, startWorker } from "./harness.mjs";
import { NAMESPACE, snapshotLoads } from "./support.mjs";
import { assertSameJson, queryOf, readJson, readVectors } from "./vectors.mjs";

const TTL_MS = 1_800_000;
// Keys of the backend that the Worker never makes: an order that is neither asc nor desc.
const NO_KEYS_OF_OURS = [/:bogus$/, /:DESC$/];
const OTHER_ORDERS = ["order_bogus", "unicode_order", "sort_empty"];

for (const name of ["tiny", "mid"]) {
  describe(`vectors ${name}`, () => {
    const { tables, cases, listings } = readVectors(name);
    const keys = [...listings.keys()].filter((key) => !NO_KEYS_OF_OURS.some((pattern) => pattern.test(key)));
    const beyond = keys.filter((key) => isBeyond(key, listings));
    const held = keys.filter((key) => !beyond.includes(key));
    let stack, worker;

    before(async () => {
      stack = await startStack({ tables });
      worker = await startWorker(stack, { CACHE_NAMESPACE: NAMESPACE });
    });
    after(async () => {
      await worker?.stop();
      await stack?.stop();
    });

    test("the vectors are all there", () => {
      assert.equal(cases.length, 31);
      assert.equal(keys.length, 19);
      assert.ok(beyond.length >= 1, "min_providers=999 at least");
    });

    test("every HTTP case is answered as the backend answers it", async () => {
      for (const expected of cases) await assertAnswer(worker, expected);
    });

    test("every listing stands in Redis as the backend would have written it", async () => {
      for (const key of held) {
        const answer = await worker.get(`/models/unique?${queryOf(key)}`);
        assert.equal(answer.status, 200, key);
        assertSameJson(answer.body.models, listings.get(key), key);
        const text = await eventually(() => stack.redis.command("GET", key), `publication of ${key}`);
        assertSameJson(JSON.parse(text), listings.get(key), key);
        const left = await stack.redis.command("PTTL", key);
        assert.ok(left > 0 && left <= TTL_MS, `${key} lives for ${left} ms`);
      }
      assert.equal(snapshotLoads(stack), 2, "one load a scope");
    });

    test("min_providers beyond the largest provider count has no key", async () => {
      stack.upstash.clearCommands();
      for (const key of beyond) {
        const answer = await worker.get(`/models/unique?${queryOf(key)}`);
        assert.equal(answer.status, 200, key);
        assert.deepEqual(answer.body.models, [], key);
        assert.equal(answer.body.total, 0, key);
      }
      const named = stack.upstash.commands.filter(({ command }) => command.some((word) => beyond.includes(word)));
      assert.deepEqual(named, []);
      for (const key of beyond) assert.equal(await stack.redis.command("EXISTS", key), 0, key);
    });

    test("another isolate answers the same out of Redis, without the origin", async () => {
      stack.supabase.clearRequests();
      const other = await startWorker(stack, { CACHE_NAMESPACE: NAMESPACE });
      try {
        for (const expected of cases) await assertAnswer(other, expected);
        assert.deepEqual(stack.supabase.requests, []);
      } finally {
        await other.stop();
      }
    });
  });
}

describe("the parameter matrix", () => {
  const matrix = readJson("param_matrix.json");
  let stack, worker;

  before(async () => {
    stack = await startStack({ tables: readVectors("tiny").tables });
    worker = await startWorker(stack, { CACHE_NAMESPACE: NAMESPACE });
  });
  after(async () => {
    await worker?.stop();
    await stack?.stop();
  });

  for (const parameter of ["limit", "offset", "min_providers", "include_inactive"]) {
    test(parameter, async () => {
      for (const [value, expected] of Object.entries(matrix[parameter])) {
        const answer = await worker.get(`/models/unique?${parameter}=${encodeURIComponent(value)}`);
        assertCoerced(answer, parameter, expected, `${parameter}=${JSON.stringify(value)}`);
      }
    });
  }

  test("whole query strings", async () => {
    for (const [query, expected] of Object.entries(matrix.raw)) {
      const answer = await worker.get(`/models/unique?${query}`);
      const order = new URLSearchParams(query.split("#")[0]).getAll("order").at(-1);
      if (order !== undefined && !/^(asc|desc)$/i.test(order)) {
        assertOrderRefused(answer, order, query);
      } else {
        assertSummary(answer, expected, query);
      }
    }
  });
});

async function assertAnswer(worker, { name, query, status, body }) {
  const answer = await worker.get(`/models/unique?${query}`);
  if (OTHER_ORDERS.includes(name)) {
    return assertOrderRefused(answer, new URLSearchParams(query).get("order"), name);
  }
  assert.equal(answer.status, status, name);
  assert.match(answer.headers["content-type"], /^application\/json/, name);
  if (name === "order_upper") {
    // The backend echoes what it was sent; to us ASC is asc, in the echo as in the key.
    const lower = await worker.get(`/models/unique?${query.replace("ASC", "asc")}`);
    assertSameJson(answer.body, lower.body, name);
    return assertSameJson(answer.body, { ...body, sort: { ...body.sort, order: "asc" } }, name);
  }
  if (status !== 200) return assert.deepEqual(answer.body, body, name);
  assertSameJson(answer.body, body, name);
}

function assertOrderRefused(answer, input, message) {
  assert.equal(answer.status, 422, message);
  const item = {
    type: "literal_error",
    loc: ["query", "order"],
    msg: "Input should be 'asc' or 'desc'",
    input,
    ctx: { expected: "'asc' or 'desc'" },
  };
  assert.deepEqual(answer.body, { detail: [item] }, message);
  assert.equal(answer.headers["cache-control"], "no-store", message);
}

function assertCoerced(answer, parameter, expected, message) {
  assert.equal(answer.status, expected.status, message);
  if (expected.status !== 200) return assert.deepEqual(answer.body, { detail: expected.detail }, message);
  const { body } = answer;
  const echoed = { limit: body.limit, offset: body.offset, ...body.filters };
  assert.deepEqual(echoed[parameter], expected.parsed, message);
  if ("total" in expected) assert.equal(body.total, expected.total, message);
  if ("n" in expected) assert.equal(body.models.length, expected.n, message);
}

function assertSummary(answer, { status, body }, message) {
  assert.equal(answer.status, status, message);
  if (status !== 200) return assert.deepEqual(answer.body, body, message);
  assert.deepEqual({ ...answer.body, models: answer.body.models.length }, body, message);
}

function isBeyond(key, listings) {
  const minimum = Number(/:minp(\d+):/.exec(key)?.[1] ?? 1);
  const all = listings.get(`gw:models:unique:filtered${key.includes(":inactive:") ? ":inactive" : ""}:sortname:asc`);
  return minimum > Math.max(...all.map((model) => model.provider_count));
}
