// What caches downstream are told: how long a listing may be used there, and for how long it is kept after that.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { eventually } from "./harness.mjs";
import { isolatesOver } from "./isolates.mjs";
import { cacheStatus, hitOf } from "./support.mjs";
import { readVectors } from "./vectors.mjs";

const TTL = 1_800;
const STALE = 86_400;
const ADMIN_TOKEN = "downstream-admin-token";
const PATH = "/models/unique?limit=1000";
const DEFAULT_KEY = "models:unique:filtered:sortprovider_count:desc";
const { tables, listings } = readVectors("tiny");
const models = listings.get(`gw:${DEFAULT_KEY}`);

let stack;
const isolates = isolatesOver(() => stack, { vars: { ADMIN_TOKEN } });

before(async () => (stack = await startStack({ tables, kv: true, faults: true })));
after(() => stack?.stop());
beforeEach(() => {
  stack.proxies.supabase.clear();
  isolates.renew();
});
afterEach(() => isolates.stop());

async function ask(worker, expected) {
  const answer = await worker.get(PATH);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["x-cache"], expected, JSON.stringify(cacheStatus(answer)));
  assert.deepEqual(answer.body.models, models);
  return answer;
}

/** {age, end: max-age, use: what is left of it, revalidate, error, says: names of directives}. */
function toldBy({ headers }) {
  const directives = headers["cache-control"].split(", ").map((directive) => directive.split("="));
  const value = (name) => directives.filter(([named]) => named === name).map(([, seconds]) => Number(seconds))[0];
  const [age, end] = [Number(headers.age), value("max-age")];
  const says = directives.map(([name]) => name);
  return { age, end, use: end - age, revalidate: value("stale-while-revalidate"), error: value("stale-if-error"), says };
}

function assertFresh(answer, { ttl = TTL, stale = STALE } = {}) {
  const { age, end, use, revalidate, error, says } = toldBy(answer);
  assert.ok(use >= 20 && use <= 60, `${use} s of use at ${age} s of age`);
  assert.ok(end <= Math.max(ttl, age + 20), `until ${end} s of age`);
  assert.equal(end + revalidate, Math.max(ttl, end));
  assert.equal(end + error, ttl + stale);
  assert.deepEqual(says, ["public", "max-age", "stale-while-revalidate", "stale-if-error"]);
}

function assertStale(answer) {
  const { use, says } = toldBy(answer);
  assert.ok(use >= 1 && use <= 5, `${use} s of use`);
  assert.deepEqual(says, ["public", "max-age", "must-revalidate"]);
  assert.equal(hitOf(answer).detail, "stale");
}

test("what is fresh may be used for a minute, whatever its age, and is kept for no longer than here", async () => {
  const worker = await isolates.start();
  assertFresh(await ask(worker, "MISS"));
  assertFresh(await ask(worker, "HIT"));
  for (const [left, use] of [[1_799, 60], [900, 60], [61, 60], [40, 40], [21, 21]]) {
    await stack.redis.command("FLUSHALL");
    isolates.renew();
    await stack.redis.command("SET", `${isolates.namespace}${DEFAULT_KEY}`, JSON.stringify(models), "EX", left);
    const answer = await ask(await isolates.start(), "HIT");
    assertFresh(answer);
    const told = toldBy(answer);
    assert.ok(Math.abs(told.age - (TTL - left)) <= 1, `${told.age} s of age`);
    assert.ok(Math.abs(told.use - use) <= 1, `${told.use} s of use`);
  }
});

test("near the end of its TTL it may be used for twenty seconds, into the window of revalidation", async () => {
  await stack.redis.command("SET", `${isolates.namespace}${DEFAULT_KEY}`, JSON.stringify(models), "EX", 10);
  const answer = await ask(await isolates.start(), "HIT");
  assertFresh(answer);
  assert.equal(toldBy(answer).use, 20);
  assert.equal(toldBy(answer).revalidate, 0);
});

test("the settings decide, not a number in the code", async () => {
  const worker = await isolates.start({ CACHE_TTL_SECONDS: "45", STALE_SECONDS: "100" });
  for (const served of ["MISS", "HIT"]) {
    const answer = await ask(worker, served);
    assertFresh(answer, { ttl: 45, stale: 100 });
    assert.equal(toldBy(answer).end, 45);
  }
});

test("what is refreshed behind its answer lives for seconds", async () => {
  const worker = await isolates.start({ CACHE_TTL_SECONDS: "1", REVALIDATE_SECONDS: "3600" });
  await ask(worker, "MISS");
  await sleep(1_100);
  assertStale(await ask(worker, "STALE"));
});

test("a fallback lives for seconds, however old it is", async () => {
  const worker = await isolates.start({ CACHE_TTL_SECONDS: "1", REVALIDATE_SECONDS: "0" });
  await ask(worker, "MISS");
  await sleep(1_100);
  stack.proxies.supabase.set({ fault: "status", status: 500 });
  for (let asked = 0; asked < 2; asked += 1) assertStale(await ask(worker, "STALE"));
});

test("an invalidated fallback lives for seconds, however young it is", async () => {
  const worker = await isolates.start();
  await ask(worker, "MISS");
  await eventually(() => stack.kv.get(`${isolates.namespace}${DEFAULT_KEY}`), "publication");
  const clear = { method: "POST", body: '{"cache_type":"all"}', headers: { authorization: `Bearer ${ADMIN_TOKEN}` } };
  assert.equal((await worker.get("/api/system/cache/clear", clear)).status, 200);
  stack.proxies.supabase.set({ fault: "status", status: 500 });
  const answer = await ask(worker, "STALE");
  assertStale(answer);
  assert.ok(toldBy(answer).age < 60);
});

test("so does what a soft invalidation left", async () => {
  const worker = await isolates.start();
  await ask(worker, "MISS");
  const clear = { method: "POST", body: '{"cache_type":"all","mode":"soft"}', headers: { authorization: `Bearer ${ADMIN_TOKEN}` } };
  assert.equal((await worker.get("/api/system/cache/clear", clear)).status, 200);
  assertStale(await ask(worker, "STALE"));
});

test("without the caching here, caches downstream are told the same", async () => {
  const worker = await isolates.start({ EDGE_MODE: "passthrough" });
  for (let asked = 0; asked < 2; asked += 1) assertFresh(await ask(worker, "MISS"));
});
