// The catalogs of providers and the kept versions of a walk, as the built Worker has them over the real Redis and PostgREST: the backend's
// bytes under the backend's keys both ways, what a cold isolate asks for, and what one provider's failure does to the others.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { assertWithin, costOf } from "./cost.mjs";
import { eventually } from "./harness.mjs";
import { isolatesOver } from "./isolates.mjs";
import { readVectors } from "./vectors.mjs";

const KEY = "gw:models:provider:";
const ALL = "/v1/models?limit=1000";
const ADMIN_TOKEN = "providers-admin-token-0123456789";

const { tables, listings } = readVectors("providers");
const slugs = [...listings.keys()].filter((key) => key.startsWith(KEY)).map((key) => key.slice(KEY.length));
// Rows whose difference from the reference is stated in docs/api.md, "What differs from the backend's provider catalogs".
const STATED = ["blank", "nested-price", "shared/two", "words"];

let stack;
const isolates = isolatesOver(() => stack, { vars: { ADMIN_TOKEN } });

before(async () => {
  stack = await startStack({ tables, kv: true, faults: true });
});
after(async () => {
  await isolates.stop();
  await stack?.stop();
});
beforeEach(async () => {
  await isolates.stop();
  for (const proxy of Object.values(stack.proxies)) proxy.clear();
  await stack.redis.command("FLUSHALL");
  stack.kv.forget();
});

/** The first answer for all that is whole: a request loads but some of what is missing. */
function whole(worker, path = ALL) {
  return eventually(async () => {
    const answer = await worker.get(path);
    return answer.status === 200 && answer;
  }, "the catalogs of all providers");
}

test("what is stored is the backend's: every entry, and every field in its order", async () => {
  const worker = await isolates.start();
  await whole(worker);
  const others = [];
  for (const slug of slugs) {
    const stored = JSON.parse(await eventually(() => stack.redis.command("GET", KEY + slug), slug));
    const expected = listings.get(KEY + slug);
    assert.deepEqual(stored.map(({ id }) => id), expected.map(({ id }) => id), slug);
    others.push(...stored.filter((entry, at) => JSON.stringify(entry) !== JSON.stringify(expected[at])).map(({ id }) => id));
    const left = await stack.redis.command("PTTL", KEY + slug);
    assert.ok(left > 1_700_000 && left <= 1_800_000, `${slug}: ${left} ms`);
  }
  assert.deepEqual(others.sort(), STATED);
});

test("what the backend stored is served, and the origin is not asked for it", async () => {
  const stored = listings.get(`${KEY}groq`).map((entry) => ({ ...entry, description: "the backend's" }));
  await (await isolates.start()).get("/v1/gateways");
  await stack.redis.command("SET", `${KEY}groq`, JSON.stringify(stored), "PX", "600000");
  const worker = await isolates.start();
  const cost = await costOf(stack, () => worker.get("/v1/models?gateway=groq&limit=1000"), { settle: false });
  const { status, body } = cost.result;
  assert.equal(status, 200);
  assert.ok(body.total > 0 && body.data.every(({ description }) => description === "the backend's"));
  assert.equal(cost.origin.requests, 0);
});

test("a cold isolate has all of them in a few requests to Redis, and none to the origin", async () => {
  await whole(await isolates.start());
  await eventually(async () => {
    const keys = await Promise.all(slugs.map((slug) => stack.redis.command("EXISTS", KEY + slug)));
    return keys.every((there) => there === 1);
  }, "publication");
  const worker = await isolates.start();
  const cost = await costOf(stack, () => worker.get(ALL), { settle: false });
  assert.equal(cost.result.status, 200, cost.result.text);
  assert.equal(cost.result.headers["x-cache"], "HIT");
  assertWithin(cost, { "redis.requests": 4, "origin.requests": 0 });
});

test("one that cannot be read is named, and takes nobody with it", async () => {
  stack.proxies.supabase.set({ fault: "reset", match: "providers.slug=eq.near" });
  const worker = await isolates.start();
  const answer = await eventually(async () => {
    const answer = await worker.get(ALL);
    assert.equal(answer.status, 503);
    return answer.body.missing.length === 1 && answer;
  }, "the others");
  assert.deepEqual(answer.body.missing, ["near"]);
  assert.ok(Number(answer.headers["retry-after"]) >= 1);
  for (const slug of slugs.filter((slug) => slug !== "near")) {
    const { status, headers } = await worker.get(`/v1/models?gateway=${slug}`);
    assert.deepEqual([status, headers["x-cache"]], [200, "HIT"], slug);
  }
  assert.equal((await worker.get("/v1/models?gateway=near")).status, 503);
});

test("a walk goes on over its version in another isolate, after another one was published", async () => {
  const first = await isolates.start();
  const { models: before, total } = (await first.get("/models/unique?limit=1000")).body;
  await eventually(() => stack.redis.command("EXISTS", "gw:models:edge:version:active"), "publication");
  assert.ok(before.length > 10, `${before.length} models`);
  const page = (await first.get("/models/unique?cursor=*&limit=5")).body;
  await stack.database.query("update models set description = coalesce(description, '') || ' changed'");
  const asked = { method: "POST", headers: { authorization: `Bearer ${ADMIN_TOKEN}` }, body: "{}" };
  const warmed = await first.get("/api/system/cache/warm", asked);
  assert.equal(warmed.body.error, null, warmed.text);
  assert.ok(warmed.body.changes.changed > 0, warmed.text);
  const changed = (await (await isolates.start()).get("/models/unique?cursor=*&limit=5")).body;
  assert.notEqual(changed.version, page.version);
  const second = await isolates.start();
  const models = [...page.models];
  for (let next = page.next_cursor; next; ) {
    const { status, body, text } = await second.get(`/models/unique?cursor=${next}&limit=50`);
    assert.equal(status, 200, text);
    assert.equal(body.version, page.version);
    models.push(...body.models);
    next = body.next_cursor;
  }
  assert.equal(models.length, total);
  assert.deepEqual(models.slice(0, before.length), before);
});
