// Clients that reset their connections in the middle of a request leave nothing stuck: no lease, no load, no future.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { eventually } from "./harness.mjs";
import { snapshotLoads, withWorker } from "./support.mjs";
import { readVectors } from "./vectors.mjs";

const ADMIN_TOKEN = "disconnect-admin-token";
const CLIENTS = 1000;
const CLIENTS_AT_ONCE = 200;
// One is enough; a request that dies between its load and its publication may cost another.
const LOADS_MAX = 3;
const LEASE = "gw:models:edge:lease:active";
const DEFAULT_KEY = "gw:models:unique:filtered:sortprovider_count:desc";

const { tables, listings } = readVectors("tiny");
let stack;

before(async () => (stack = await startStack({ tables, faults: true })));
after(() => stack?.stop());
beforeEach(async () => {
  await stack.redis.command("FLUSHALL");
  stack.proxies.supabase.clear();
  stack.proxies.upstash.clear();
  stack.supabase.clearRequests();
});

test("1,000 clients that reset while the origin is slow", async () => {
  await withWorker(stack, { ADMIN_TOKEN }, async (worker) => {
    stack.proxies.supabase.set({ fault: "latency", ms: 700 });
    for (let gone = 0; gone < CLIENTS; gone += CLIENTS_AT_ONCE) {
      const clients = await Promise.all(Array.from({ length: CLIENTS_AT_ONCE }, () => ask(worker, "/models/unique")));
      if (gone === 0) await eventually(() => stack.proxies.supabase.inFlight > 0, "a load");
      for (const client of clients) client.resetAndDestroy();
    }
    stack.proxies.supabase.clear();
    await assertWorks(worker);
    assert.ok(snapshotLoads(stack) <= LOADS_MAX, `${snapshotLoads(stack)} loads`);
  });
});

test("the only client, the one whose request loads, resets: the next one does not wait for a dead lease", async () => {
  await withWorker(stack, { ADMIN_TOKEN }, async (worker) => {
    stack.proxies.supabase.set({ fault: "latency", ms: 700 });
    const client = await ask(worker, "/models/unique");
    await eventually(() => stack.proxies.supabase.inFlight > 0, "a load");
    client.resetAndDestroy();
    const begun = performance.now();
    const answer = await worker.get("/models/unique");
    assert.equal(answer.status, 200);
    // A lease lasts ten seconds.
    assert.ok(performance.now() - begun < 8_000, "served before the lease would have expired");
    assert.ok(snapshotLoads(stack) <= 2);
    stack.proxies.supabase.clear();
    await assertWorks(worker);
  });
});

test("clients that reset while Redis is silent", async () => {
  await withWorker(stack, { ADMIN_TOKEN }, async (worker) => {
    stack.proxies.upstash.set({ fault: "hang" });
    const clients = await Promise.all(Array.from({ length: CLIENTS_AT_ONCE }, () => ask(worker, "/models/unique")));
    for (const client of clients) client.resetAndDestroy();
    stack.proxies.upstash.clear();
    const answer = await worker.get("/models/unique?limit=1000");
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.body.models, listings.get(DEFAULT_KEY));
  });
});

async function ask(worker, path) {
  const { hostname, port, host } = new URL(worker.url);
  const socket = net.connect({ host: hostname, port: Number(port) });
  socket.on("error", () => {});
  await once(socket, "connect");
  await new Promise((sent) => socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`, sent));
  return socket;
}

async function assertWorks(worker) {
  for (let asked = 0; asked < 20; asked += 1) {
    const answer = await worker.get("/models/unique?limit=1000");
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.body.models, listings.get(DEFAULT_KEY));
  }
  await eventually(async () => (await stack.redis.command("EXISTS", LEASE)) === 0, "the lease given back");
  const loads = snapshotLoads(stack);
  const cleared = await worker.get("/api/system/cache/clear", {
    method: "POST",
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    body: '{"cache_type":"all"}',
  });
  assert.equal(cleared.status, 200);
  const cold = await worker.get("/models/unique?limit=1000");
  assert.equal(cold.headers["x-cache"], "MISS");
  assert.equal(snapshotLoads(stack), loads + 1, "a cold load goes through");
}
