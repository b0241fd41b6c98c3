// What the platform sees of a cron run: one that failed is an exception with its reason, and costs the isolate nothing.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { eventually } from "./harness.mjs";
import { isolatesOver } from "./isolates.mjs";
import { eventsOf, hitOf, snapshotLoads } from "./support.mjs";
import { readVectors } from "./vectors.mjs";

const PATH = "/models/unique?limit=1000";
const MAPPINGS = "/unique_models_provider?";
const { tables, listings } = readVectors("tiny");
const models = listings.get("gw:models:unique:filtered:sortprovider_count:desc");

let stack;
const isolates = isolatesOver(() => stack, { tail: true });

before(async () => (stack = await startStack({ tables, kv: true, faults: true })));
after(() => stack?.stop());
beforeEach(() => {
  for (const proxy of Object.values(stack.proxies)) {
    proxy.clear();
    proxy.clearRequests();
  }
  stack.supabase.clearRequests();
  isolates.renew();
});
afterEach(() => isolates.stop());

async function exceptions(worker) {
  await eventually(() => worker.tailed().some(({ outcome }) => outcome === "exception"), "the exception");
  return worker.tailed().flatMap(({ exceptions }) => exceptions);
}

/** The run fails for this reason, and says it to the platform as it says it in its report. */
async function assertFails(worker, reason, run = worker.cron()) {
  assert.equal((await run).outcome, "exception");
  const [{ name, message }, ...more] = await exceptions(worker);
  assert.deepEqual(more, []);
  assert.equal(name, "Error");
  assert.equal(message, eventsOf(worker, "warm").at(-1).report.error);
  assert.match(message, reason);
}

/** Loads that came to their mappings, whatever became of them. */
function loadsBegun() {
  return stack.proxies.supabase.requests.filter(({ path }) => path.includes(MAPPINGS)).length;
}

async function assertHit(worker) {
  const answer = await worker.get(PATH);
  assert.equal(answer.headers["x-cache"], "HIT");
  assert.equal(hitOf(answer).tier, "memory");
  assert.deepEqual(answer.body.models, models);
}

test("a run that worked is ok, and so is the next", async () => {
  const worker = await isolates.start();
  for (let run = 0; run < 2; run += 1) assert.deepEqual(await worker.cron(), { outcome: "ok", noRetry: false });
  await assertHit(worker);
  assert.deepEqual(worker.tailed().flatMap(({ exceptions }) => exceptions), []);
});

const FAILURES = {
  "an origin that refuses": [() => stack.proxies.supabase.set({ fault: "status", status: 500 }), /refused$/],
  "an origin that resets": [() => stack.proxies.supabase.set({ fault: "reset" }), /unreachable$/],
  "an origin that hangs": [() => stack.proxies.supabase.set({ fault: "hang" }), /timeout$/, { ORIGIN_TIMEOUT_MS: "400" }],
  "an origin that is no PostgREST": [() => stack.proxies.supabase.set({ fault: "garbage" }), /malformed$/],
  "the backend writing its tables": [() => stack.redis.command("SET", `${isolates.namespace}models:sync:in_progress`, "1", "EX", "60"), /^backend-syncing$/],
};
for (const [what, [fail, reason, vars]] of Object.entries(FAILURES)) {
  test(`${what} is an exception with the reason, and memory stays`, async () => {
    const worker = await isolates.start(vars);
    assert.equal((await worker.get(PATH)).headers["x-cache"], "MISS");
    await assertHit(worker);
    await fail();
    await assertFails(worker, reason);
    const loads = snapshotLoads(stack);
    await assertHit(worker);
    assert.equal(snapshotLoads(stack), loads);
    assert.ok(!worker.lines.some((line) => /Reinitializing|RuntimeError|Critical/.test(line)), worker.lines.join("\n"));
  });
}

test("requests that are under way while a run fails are answered", async () => {
  const worker = await isolates.start();
  // One request has a load of its own, which ends well and last; the other waits for the run's.
  stack.proxies.supabase.set({ fault: "latency", ms: 2_000, match: MAPPINGS });
  stack.proxies.supabase.set({ fault: "status", status: 500, ms: 500, match: "&models.is_active=" });
  const all = worker.get(`${PATH}&include_inactive=true`);
  await eventually(() => loadsBegun() === 1, "the request's load");
  const run = worker.cron();
  await eventually(() => loadsBegun() === 2, "the run's load");
  const active = worker.get(PATH);
  await run;
  assert.equal(stack.proxies.supabase.inFlight, 1, "the request's load is under way");
  await assertFails(worker, /refused$/, run);
  const { status, headers, text } = await active;
  assert.equal(status, 503, text);
  assert.match(headers["retry-after"], /^[1-9]\d*$/);
  assert.equal((await all).status, 200, (await all).text);
  stack.proxies.supabase.clear();
  await eventually(async () => (await worker.get(PATH)).status === 200, "the end of the back-off");
  assert.ok(!worker.lines.some((line) => /Reinitializing|RuntimeError/.test(line)), worker.lines.join("\n"));
});

test("a run after a failed one that works is ok again", async () => {
  const worker = await isolates.start();
  stack.proxies.supabase.set({ fault: "reset" });
  assert.equal((await worker.cron()).outcome, "exception");
  stack.proxies.supabase.clear();
  await eventually(async () => (await worker.cron()).outcome === "ok", "a good run");
  await assertHit(worker);
});

test("neither Redis nor KV taking the catalog is a failure, one of them is none", async () => {
  // What was invalidated is known from either of them, from then on.
  assert.equal((await (await isolates.start()).cron()).outcome, "ok");
  stack.proxies.kv.set({ fault: "status", status: 503 });
  assert.equal((await (await isolates.start()).cron()).outcome, "ok");
  stack.proxies.upstash.set({ fault: "status", status: 503 });
  await assertFails(await isolates.start(), /^(upstash|kv): /);
  stack.proxies.kv.clear();
  assert.equal((await (await isolates.start()).cron()).outcome, "ok");
});

test("settings that are wrong are an exception that names them and shows no value", async () => {
  const worker = await isolates.start({ EDGE_MODE: "marker", SUPABASE_URL: null });
  for (let run = 1; run <= 2; run += 1) assert.equal((await worker.cron()).outcome, "exception");
  const [{ message }] = await exceptions(worker);
  assert.match(message, /EDGE_MODE.*SUPABASE_URL/);
  assert.doesNotMatch(message, /marker/);
});

test("a mode that forbids warming is no failure", async () => {
  for (const mode of ["read_only", "passthrough"]) {
    const worker = await isolates.start({ EDGE_MODE: mode });
    assert.equal((await worker.cron()).outcome, "ok", mode);
  }
});

test("no secret is in what the platform is told", async () => {
  const echo = Object.values(stack.secrets).join(" ");
  stack.proxies.supabase.set({ fault: "status", status: 401, body: { code: echo, message: echo } });
  stack.proxies.upstash.set({ fault: "status", status: 401, body: { error: `WRONGPASS ${echo}` } });
  const worker = await isolates.start();
  assert.equal((await worker.cron()).outcome, "exception");
  const told = JSON.stringify(await exceptions(worker));
  for (const secret of Object.values(stack.secrets)) assert.ok(!told.includes(secret), told);
});
